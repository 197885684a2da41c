//! The order in which revisions are undone, and listed: newest first. Backwards, it is the order in
//! which they run.

use super::graph::{Graph, Set};

impl Graph {
    /// Orders a set of revisions so that none comes before what stands on it, as Alembic does it:
    /// down one line until another line needs what comes next, or until it ends; among lines, in the
    /// order of their files.
    pub(super) fn newest_first(&self, of: &Set, heads: &[usize]) -> Vec<usize> {
        let mut todo = of.clone();
        let mut ordered = Vec::with_capacity(of.len());
        let mut heads: Set = heads.iter().copied().filter(|head| of.contains(head)).collect();
        while !todo.is_empty() {
            if heads.is_empty() {
                let below = |index: &usize| self.nodes[*index].all_next.iter();
                heads = todo
                    .iter()
                    .copied()
                    .filter(|index| !below(index).any(|next| todo.contains(next)))
                    .collect();
            }
            self.walk_lines(&std::mem::take(&mut heads), &mut todo, &mut ordered);
        }
        ordered
    }

    fn walk_lines(&self, heads: &Set, todo: &mut Set, ordered: &mut Vec<usize>) {
        // Each line is where it has come to, and all that lies below.
        let line = |tip: usize| (tip, self.ancestors([tip]));
        let mut lines: Vec<(usize, Set)> = heads.iter().copied().map(line).collect();
        let mut at = 0;
        while let Some((tip, _)) = lines.get(at) {
            let tip = *tip;
            let needed_by = lines
                .iter()
                .enumerate()
                .position(|(other, (_, below))| other != at && below.contains(&tip));
            if let Some(other) = needed_by {
                at = other;
                continue;
            }
            if todo.remove(&tip) {
                ordered.push(tip);
            }
            let on: Vec<_> = self.nodes[tip]
                .normalized
                .iter()
                .copied()
                .filter(|next| todo.contains(next) && lines.iter().all(|(tip, _)| tip != next))
                .collect();
            match on.split_first() {
                Some((first, others)) => {
                    lines[at] = line(*first);
                    lines.extend(others.iter().copied().map(line));
                }
                None => {
                    lines.remove(at);
                    at = at.saturating_sub(1);
                }
            }
        }
    }
}
