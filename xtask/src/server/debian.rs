//! Debian's packages, where this command may install them.

use std::process::Command;

use nix::unistd::geteuid;

use super::{Kind, address::program};
use crate::{Result, child::Foreground};

/// Whether this command may install packages.
pub(super) fn may_install() -> bool {
    geteuid().is_root() && program("apt-get").is_some()
}

/// Installs what is missing, or says what the user should install.
pub(super) fn install(missing: &[&Kind]) -> Result<()> {
    let packages: Vec<&str> = missing.iter().map(|kind| kind.package).collect();
    if !may_install() {
        return Err(advice(missing));
    }
    println!("installing {}", packages.join(", "));
    apt_get(&["update"])?;
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(&packages);
    apt_get(&words)?;
    let still: Vec<&Kind> = missing.iter().copied().filter(|kind| !(kind.installed)()).collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(format!("the packages are installed, yet their programs are not found; {}", advice(&still)))
}

fn apt_get(words: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    // At run level 1 the packages do not start servers of their own.
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    let status = Foreground::spawn(&mut command)
        .and_then(Foreground::wait)
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`apt-get {}` ended with {status}", words.join(" ")))
}

fn advice(missing: &[&Kind]) -> String {
    let names: Vec<&str> = missing.iter().map(|kind| kind.name).collect();
    let packages: Vec<&str> = missing.iter().map(|kind| kind.package).collect();
    let variables: Vec<&str> = missing.iter().map(|kind| kind.variable).collect();
    format!(
        "the tests need {}, and none answers on its standard port nor is installed. Do one of:\n  \
         - on Debian, run `apt-get install {}` as root;\n  \
         - with Docker, run `docker compose up --detach --wait`;\n  \
         - name running servers in {}",
        names.join(", "),
        packages.join(" "),
        variables.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::KINDS;

    #[test]
    fn advice_names_every_package_and_variable() {
        let advice = super::advice(&KINDS);
        for kind in KINDS {
            assert!(advice.contains(kind.package) && advice.contains(kind.variable), "{advice}");
        }
    }
}
