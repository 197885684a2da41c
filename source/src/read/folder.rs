//! The files of a crate that may hold entities.

use std::{
    collections::HashMap,
    env, fs,
    path::{Component, Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use syn::{ExprArray, Lit};

use super::{File, Known, Table};

/// The tables of the crate being compiled, as a macro in `own` may name them, and the folders they
/// were looked for in.
///
/// # Errors
///
/// What is wrong with the manifest.
pub fn known(own: Option<&Path>) -> Result<(Known, Vec<String>), String> {
    let Some(root) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return Err("CARGO_MANIFEST_DIR is not set: it tells where the entities are".into());
    };
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    let folders = folders(&manifest)?;
    let own = own.and_then(|own| fs::canonicalize(own).ok());
    let mut paths = Vec::new();
    let mut inside = false;
    for folder in &folders {
        let path = fs::canonicalize(root.join(folder)).unwrap_or_else(|_| root.join(folder));
        inside |= own.as_ref().is_some_and(|own| own.starts_with(&path));
        collect(&path, true, &mut paths);
    }
    let mut searched: Vec<String> = folders.iter().map(|folder| format!("`{folder}`")).collect();
    if let Some(folder) = own.as_ref().filter(|_| !inside).and_then(|own| own.parent()) {
        // A test or an example. Below the crate's own folder lies everything.
        let root = fs::canonicalize(&root).unwrap_or_else(|_| root.clone());
        collect(folder, !root.starts_with(folder), &mut paths);
        searched.push("the folder of this file".into());
    }
    paths.sort();
    paths.dedup();
    let files = paths.into_iter().filter_map(|path| {
        let is_own = own.as_ref() == Some(&path);
        let tables = read(&path)?;
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        Some(File { name, path, tables, own: is_own })
    });
    Ok((Known::new(files.collect()), searched))
}

/// The files of a crate that may hold entities, and the folders they were looked for in.
///
/// # Errors
///
/// What is wrong with the manifest, or with a file that cannot be read as Rust.
pub fn all(root: &Path) -> Result<(Vec<File>, Vec<String>), String> {
    let manifest = root.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("cannot read `{}`: {error}", manifest.display()))?;
    let folders = folders(&text)?;
    let mut paths = Vec::new();
    for folder in &folders {
        let path = root.join(folder);
        if !path.is_dir() {
            return Err(format!("there is no folder `{}` to read entities from", path.display()));
        }
        collect(&path, true, &mut paths);
    }
    paths.sort();
    paths.dedup();
    let mut files = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let name = name.replace('\\', "/");
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        if !text.contains("table_name") {
            continue;
        }
        if let Err(error) = syn::parse_file(&text) {
            return Err(format!("`{name}` cannot be read as Rust: {error}"));
        }
        files.push(File { name, path, tables: super::tables(&text), own: false });
    }
    Ok((files, folders))
}

/// The lines of `[package.metadata.tenancy]`, without comments.
fn section(manifest: &str) -> impl Iterator<Item = &str> {
    let lines = manifest.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let section = lines.skip_while(|line| *line != "[package.metadata.tenancy]").skip(1);
    section.take_while(|line| !line.starts_with('['))
}

/// A text in `[package.metadata.tenancy]`.
///
/// # Errors
///
/// If the value is no text in quotes.
pub fn setting(manifest: &str, key: &str) -> Result<Option<String>, String> {
    let value = section(manifest).find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    });
    let Some(value) = value else { return Ok(None) };
    let text = syn::parse_str::<syn::LitStr>(value);
    text.map(|text| Some(text.value())).map_err(|_| {
        format!("write `{key} = \"…\"` below `[package.metadata.tenancy]` in Cargo.toml")
    })
}

/// The folders a manifest names, or `src`.
fn folders(manifest: &str) -> Result<Vec<String>, String> {
    let lines = section(manifest)
        .skip_while(|line| line.split_once('=').is_none_or(|(name, _)| name.trim() != "entities"));
    let text: String = lines.collect();
    let Some((_, value)) = text.split_once('=') else { return Ok(vec!["src".into()]) };
    let value = value.trim_start();
    let end = value.find(']').map_or(value.len(), |end| end + 1);
    let list = value.get(..end).and_then(|list| syn::parse_str::<ExprArray>(list).ok());
    let folders: Option<Vec<String>> = list.and_then(|list| {
        let text = |element: &syn::Expr| match element {
            syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        };
        list.elems.iter().map(text).collect()
    });
    folders.filter(|folders| !folders.is_empty()).ok_or_else(|| {
        "the folders in Cargo.toml cannot be read: write `entities = [\"src\", \"../entity/src\"]` \
         below `[package.metadata.tenancy]`"
            .into()
    })
}

/// All Rust files in a folder, but for what is built there.
fn collect(folder: &Path, deep: bool, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_dir() {
            if deep && name != "target" && !name.starts_with('.') {
                collect(&path, deep, paths);
            }
        } else if name.ends_with(".rs") {
            paths.push(path);
        }
    }
}

/// When a file was written and how long it is: what tells a new version from one that was read.
type Version = (Option<SystemTime>, u64);

/// The files that were read, each in the version it then had.
type Files = HashMap<PathBuf, (Version, Vec<Table>)>;

/// The tables of a file. A compiler asks for each use of a macro, and an editor for days.
fn read(path: &Path) -> Option<Vec<Table>> {
    static READ: Mutex<Option<Files>> = Mutex::new(None);
    let metadata = fs::metadata(path).ok()?;
    let version = (metadata.modified().ok(), metadata.len());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let read = read.get_or_insert_default();
    match read.get(path) {
        Some((known, tables)) if *known == version => Some(tables.clone()),
        _ => {
            let text = fs::read_to_string(path).ok()?;
            // Most files hold no entity, and reading them as Rust takes a while.
            let tables =
                if text.contains("table_name") { super::tables(&text) } else { Vec::new() };
            read.insert(path.to_owned(), (version, tables.clone()));
            Some(tables)
        }
    }
}

/// A path from the crate's folder, with `/` between its parts, if there is one.
pub fn relative(path: &Path) -> Option<String> {
    let root = fs::canonicalize(env::var_os("CARGO_MANIFEST_DIR")?).ok()?;
    between(&root, path)
}

fn between(root: &Path, path: &Path) -> Option<String> {
    let shared = root.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    if shared < 2 {
        return None;
    }
    let up = root.components().skip(shared).map(|_| "..");
    let down = path.components().skip(shared).map(Component::as_os_str);
    let down: Option<Vec<&str>> = down.map(|part| part.to_str()).collect();
    Some(up.chain(down?).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_those_of_the_manifest() {
        let read = |manifest: &str| folders(manifest).unwrap();
        assert_eq!(read("[package]\nname = \"entities\"\n"), ["src"]);
        let manifest = "[package.metadata.tenancy]\n# ours\nentities = [\n  \"src\", # here\n  \
                        \"../entity/src\",\n]\n[dependencies]\n";
        assert_eq!(read(manifest), ["src", "../entity/src"]);
        for wrong in ["\"src\"", "[]", "[1]", "['src']"] {
            let manifest = format!("[package.metadata.tenancy]\nentities = {wrong}\n");
            assert!(folders(&manifest).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_are_those_of_the_section() {
        let manifest = "[package]\nrls_role = \"no\"\n[package.metadata.tenancy]\nentities = [\"a\"]\n\
                        rls_role = \"app\" # ours\nrls_file = 1\n[dependencies]\nx = \"1\"\n";
        assert_eq!(setting(manifest, "rls_role").unwrap().as_deref(), Some("app"));
        assert_eq!(setting(manifest, "x").unwrap(), None);
        assert!(setting(manifest, "rls_file").is_err());
        assert_eq!(folders(manifest).unwrap(), ["a"]);
    }

    #[test]
    fn paths_lead_up_and_down() {
        let path = |to: &str| between(Path::new("/work/shop/app"), Path::new(to));
        assert_eq!(path("/work/shop/app/src/order.rs").unwrap(), "src/order.rs");
        assert_eq!(path("/work/shop/entity/src/a.rs").unwrap(), "../entity/src/a.rs");
        assert_eq!(path("/elsewhere/a.rs"), None);
    }
}
