//! Where the command answers otherwise than Alembic, on purpose.

/// One difference. `docs/migrations.md` tells users the reason, in these words.
pub(crate) struct Difference {
    /// What the section's name begins with.
    pub(crate) section: &'static str,
    pub(crate) command: &'static str,
    /// How often the command stood in its section before.
    pub(crate) nth: usize,
    pub(crate) fails: bool,
    /// A part of what ours says.
    pub(crate) says: &'static str,
    pub(crate) why: &'static str,
}

const MISSING: &str =
    "a parent or a dependency that is not there is named, with the file that names it";
const TWICE: &str = "a revision that is there twice is an error, which names both files";
const LABEL: &str = "of two revisions with one label, both files are named";
const CHARACTER: &str =
    "the whole name that cannot be one is shown, with the character that is wrong";
const MINUS: &str = "a revision may begin with a minus wherever one is given";
const FORK: &str = "where a branch has several heads, the message proposes names that exist";
const ASSERTION: &str = "what fails an assertion in Alembic is done, or refused in words";
const SEVERAL: &str =
    "`downgrade -1` from several heads is an error; Alembic takes the first row it finds";
const STRAYS: &str =
    "`downgrade <branch>@base` that would undo what is not of the branch asks for `--force`";
const ENSURE: &str =
    "`ensure_version` makes nothing: the table comes with the first revision that runs";
const CHECK: &str = "`check` tells what is not finished in files";

const fn refused(
    section: &'static str,
    command: &'static str,
    says: &'static str,
    why: &'static str,
) -> Difference {
    Difference { section, command, nth: 0, fails: true, says, why }
}

const fn done(
    section: &'static str,
    command: &'static str,
    says: &'static str,
    why: &'static str,
) -> Difference {
    Difference { section, command, nth: 0, fails: false, says, why }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    done("LINEAR", "history -r -2:", "aaaa02 -> aaaa03 (head), add email", MINUS),
    done("LINEAR", "check", "the revisions are finished", CHECK),
    refused("missing parent", "heads", "Revision gone00 referenced from aaaa01", MISSING),
    refused("missing dep", "heads", "Revision gone00, on which aaaa01 depends,", MISSING),
    refused("duplicate label", "heads", "($ENV/aaaa01_.sql, $ENV/aaaa02_.sql)", LABEL),
    refused(
        "illegal id",
        "heads",
        "`aa-01` is not a valid revision identifier: character 3",
        CHARACTER,
    ),
    refused("duplicate revision id", "heads", "($ENV/aaaa03_.sql, $ENV/dup_.sql)", TWICE),
    refused("BRANCHED", "downgrade -1", "downgrade -1 from multiple heads is ambiguous", SEVERAL),
    refused("BRANCHED", "downgrade feature@base", "undoes what is not of the branch, too", STRAYS),
    refused("DIAMOND", "downgrade left@base", "undoes what is not of the branch, too", STRAYS),
    refused("DIAMOND", "upgrade ffff01+1", "Walked too far", ASSERTION),
    Difference {
        nth: 1,
        ..refused("TWO ROOTS", "downgrade one@-1", "didn't produce 1 migrations", ASSERTION)
    },
    done("LINEAR", "ensure_version", "made with the first revision", ENSURE),
    refused("DIAMOND", "upgrade right@head", "'<branchname>@head' to narrow", FORK),
    refused("DIAMOND", "upgrade left@head", "'<branchname>@head' to narrow", FORK),
    refused("missing parent", "upgrade heads", "Revision gone00 referenced from aaaa01", MISSING),
    refused("missing dep", "upgrade heads", "Revision gone00, on which aaaa01 depends,", MISSING),
    refused("illegal id", "upgrade heads", "`aa-01` is not a valid revision identifier", CHARACTER),
    done("SHADOW", "history -r aaaa01:dddd02", "<base> (aaaa03) -> dddd01", ASSERTION),
    refused("DIAMOND", "show left@head", "'<branchname>@head' to narrow", FORK),
];
