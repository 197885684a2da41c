//! Alembic's command, once for each tenant. It is installed into a folder of the build.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::{Rival, Task};

/// As recorded for the comparison of the graphs.
const PACKAGES: [&str; 2] = ["alembic==1.20.1", "psycopg2-binary"];
/// So many are asked, and the time is told for all.
const ASKED: usize = 20;

const INI: &str = "[alembic]\nscript_location = .\n";
const ENV: &str = r#"
from alembic import context
from sqlalchemy import create_engine, pool, text

arguments = context.get_x_argument(as_dictionary=True)
engine = create_engine(arguments["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    connection.execute(text(f"SET search_path = {arguments['tenant']}"))
    connection.commit()
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"#;

pub(crate) async fn command(task: &Task) -> Result<Rival, String> {
    let build = task.build.join("alembic");
    let alembic = installed(&build)?;
    task.schemas("alembic", ASKED).await;
    let folder = build.join("project");
    project(&folder, task).map_err(|error| format!("cannot write its project: {error}"))?;
    // SQLAlchemy has other names, and is told the driver.
    let url = task.url.replacen("postgres://", "postgresql+psycopg2://", 1);
    let all = |to: &str| {
        let begun = Instant::now();
        for tenant in 0..ASKED {
            let (url, tenant) = (format!("url={url}"), format!("tenant=alembic_{tenant}"));
            run(Command::new(&alembic)
                .current_dir(&folder)
                .args(["-x", &url, "-x", &tenant, "upgrade", to]))?;
        }
        #[allow(clippy::cast_precision_loss)] // There are some hundred at most.
        let share = task.tenants as f64 / ASKED as f64;
        Ok::<f64, String>(begun.elapsed().as_secs_f64() * 1e3 * share)
    };
    let (made, altered, nothing) = (all("a1")?, all("a2")?, all("a2")?);
    Ok(Rival { name: "Alembic's command for each", made, altered, nothing })
}

fn installed(build: &Path) -> Result<PathBuf, String> {
    let alembic = build.join("venv/bin/alembic");
    if !alembic.exists() {
        fs::create_dir_all(build).map_err(|error| error.to_string())?;
        run(Command::new("python3").args(["-m", "venv"]).arg(build.join("venv")))?;
        let pip = build.join("venv/bin/pip");
        run(Command::new(pip).args(["install", "--quiet"]).args(PACKAGES))?;
    }
    Ok(alembic)
}

fn project(folder: &Path, task: &Task) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("versions"))?;
    fs::write(folder.join("alembic.ini"), INI)?;
    fs::write(folder.join("env.py"), ENV)?;
    for (id, down, sql) in [("a1", "None", task.create), ("a2", "'a1'", task.alter)] {
        let text = format!(
            "from alembic import op\nrevision = '{id}'\ndown_revision = {down}\n\
             def upgrade():\n    op.execute('''{sql}''')\ndef downgrade():\n    pass\n"
        );
        fs::write(folder.join(format!("versions/{id}.py")), text)?;
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<(), String> {
    let what = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("`{what}` does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    Err(format!("`{what} {}` failed: {}", words.join(" "), String::from_utf8_lossy(&output.stderr)))
}
