//! Revisions as lines and blocks, in Alembic's form.

use std::collections::BTreeSet;

use super::{Graph, Node, RevisionError, RevisionId, script::comma};

/// What a line says beside a revision's name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Indicators<'a> {
    /// What it comes after, and what it depends on.
    pub parents: bool,
    /// The names of its branches.
    pub branches: bool,
    /// Whether lines part or meet in it.
    pub tree: bool,
    /// Its message.
    pub message: bool,
    /// Where a database is, if that is to be said.
    pub current: Option<&'a BTreeSet<RevisionId>>,
}

impl Indicators<'_> {
    /// All there is to say, as in a history.
    #[must_use]
    pub fn all() -> Self {
        Self { parents: true, branches: true, tree: true, message: true, current: None }
    }
}

impl Graph {
    /// A revision as a line: `aaaa01 -> aaaa02 (head), add users`.
    #[must_use]
    pub fn line(&self, node: &Node, say: &Indicators<'_>) -> String {
        let revision = &node.revision;
        let mut line = String::new();
        if say.parents {
            line.push_str(&revision.parents());
            if !revision.depends.is_empty() {
                line.push_str(&format!(" ({})", comma(&revision.depends)));
            }
            line.push_str(" -> ");
        }
        line.push_str(revision.id.as_str());
        if say.branches && !node.branches.is_empty() {
            line.push_str(&format!(" ({})", self.names_of_branches(node)));
        }
        if node.is_real_head() {
            line.push_str(" (head)");
        } else if node.is_head() {
            line.push_str(" (effective head)");
        }
        if say.current.is_some_and(|rows| rows.contains(&revision.id)) {
            line.push_str(" (current)");
        }
        if say.tree && node.is_branch_point() {
            line.push_str(" (branchpoint)");
        }
        if say.tree && node.is_merge_point() {
            line.push_str(" (mergepoint)");
        }
        if say.message {
            line.push_str(", ");
            line.push_str(&revision.message);
        }
        line
    }

    /// A revision as a block of lines, with all it says of itself.
    #[must_use]
    pub fn block(&self, node: &Node, current: Option<&BTreeSet<RevisionId>>) -> String {
        let revision = &node.revision;
        let mut block = format!("Rev: {}", revision.id);
        for (is, what) in [
            (node.is_head(), " (head)"),
            (node.is_branch_point(), " (branchpoint)"),
            (node.is_merge_point(), " (mergepoint)"),
            (current.is_some_and(|rows| rows.contains(&revision.id)), " (current)"),
        ] {
            if is {
                block.push_str(what);
            }
        }
        let kind = if node.is_merge_point() { "Merges" } else { "Parent" };
        block.push_str(&format!("\n{kind}: {}\n", revision.parents()));
        if !revision.depends.is_empty() {
            block.push_str(&format!("Also depends on: {}\n", comma(&revision.depends)));
        }
        if node.is_branch_point() {
            block.push_str(&format!("Branches into: {}\n", comma(&self.ids(&node.next))));
        }
        if !node.branches.is_empty() {
            block.push_str(&format!("Branch names: {}\n", self.names_of_branches(node)));
        }
        block.push_str(&format!("Path: {}\n\n", revision.source));
        let parents =
            if revision.down.is_empty() { "None".to_owned() } else { comma(&revision.down) };
        let mut told = vec![revision.message.clone(), String::new()];
        if !revision.doc.is_empty() {
            told.extend(revision.doc.lines().map(str::to_owned));
            told.push(String::new());
        }
        told.push(format!("Revision ID: {}", revision.id));
        told.push(format!("Revises: {parents}"));
        if let Some(date) = &revision.date {
            told.push(format!("Create Date: {date}"));
        }
        for line in told {
            block.push_str(&format!("    {line}\n"));
        }
        block
    }

    /// Where lines part, each with what they part into.
    ///
    /// # Errors
    ///
    /// None that [`range`](Self::range) over all revisions does not have.
    pub fn branch_points(&self, verbose: bool) -> Result<Vec<String>, RevisionError> {
        let all = self.range(None, None, &BTreeSet::new())?;
        let nodes = all.iter().filter_map(|id| self.get(id)).filter(|node| node.is_branch_point());
        Ok(nodes
            .map(|node| {
                let into = Indicators { branches: true, tree: true, ..Indicators::default() };
                let mut lines =
                    if verbose { self.block(node, None) } else { self.line(node, &into) };
                let space = " ".repeat(node.revision.id.as_str().len());
                for next in &node.next {
                    let into = Indicators { message: verbose, ..into };
                    let next = self.line(&self.nodes[*next], &into);
                    lines.push_str(&format!("\n{space} -> {next}"));
                }
                lines
            })
            .collect())
    }

    fn names_of_branches(&self, node: &Node) -> String {
        comma(&node.branches.iter().collect::<Vec<_>>())
    }
}
