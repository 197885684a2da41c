//! All revisions there are, checked.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Graph, Label, Node, Problem, Problems, Revision, RevisionId, Target,
    graph::Set,
    script::{checksum, comma},
};

/// The revisions of an application, checked, with the graph of each target.
#[derive(Debug, Clone, Default)]
pub struct History {
    shared: Graph,
    tenant: Graph,
}

impl History {
    /// Puts revisions in their places. They are ordered by their files' names.
    ///
    /// # Errors
    ///
    /// All that keeps them from being a history: names given twice, parents and dependencies that
    /// are not there or of the wrong target, circles, labels that clash. Each names its files.
    ///
    /// # Example
    ///
    /// ```
    /// use tenancy_core::revision::{History, Revision, Target};
    ///
    /// let text = "-- revision: aaaa01\n-- +upgrade\nCREATE TABLE a (id int);\n-- +downgrade\nDROP TABLE a;";
    /// let first = Revision::parse("aaaa01_first.sql", text, Some(Target::Tenant))?;
    /// let history = History::new(vec![first])?;
    /// assert_eq!(history.graph(Target::Tenant).heads().len(), 1);
    /// # Ok::<(), tenancy_core::revision::Problems>(())
    /// ```
    pub fn new(mut revisions: Vec<Revision>) -> Result<Self, Problems> {
        revisions.sort_by(|one, other| one.source.cmp(&other.source).then(one.id.cmp(&other.id)));
        let (baselines, revisions): (Vec<_>, Vec<_>) =
            revisions.into_iter().partition(|revision| !revision.baseline.is_empty());
        let mut problems = Vec::new();
        names(&revisions, &mut problems);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let all: BTreeMap<RevisionId, (Target, String)> = revisions
            .iter()
            .map(|revision| (revision.id.clone(), (revision.target, revision.source.clone())))
            .collect();
        let labels: BTreeMap<Label, RevisionId> = revisions
            .iter()
            .flat_map(|revision| revision.labels.iter().map(|label| (label, &revision.id)))
            .map(|(label, id)| (label.clone(), id.clone()))
            .collect();
        let (shared, tenant) =
            revisions.into_iter().partition(|revision| revision.target == Target::Shared);
        let mut shared = place(shared, &all, &labels, &mut problems);
        let mut tenant = place(tenant, &all, &labels, &mut problems);
        if problems.is_empty() {
            let (own, others) =
                baselines.into_iter().partition(|script| script.target == Target::Shared);
            shared.place_baselines(own, &mut problems);
            tenant.place_baselines(others, &mut problems);
        }
        if problems.is_empty() { Ok(Self { shared, tenant }) } else { Err(Problems(problems)) }
    }

    /// The graph of a target.
    #[must_use]
    pub fn graph(&self, target: Target) -> &Graph {
        match target {
            Target::Shared => &self.shared,
            Target::Tenant => &self.tenant,
        }
    }

    /// All revisions.
    pub fn revisions(&self) -> impl Iterator<Item = &Revision> {
        self.shared.nodes().chain(self.tenant.nodes()).map(|node| &node.revision)
    }

    /// All scripts that stand for revisions.
    pub fn baselines(&self) -> impl Iterator<Item = &Revision> {
        self.shared.baselines().chain(self.tenant.baselines()).map(|baseline| &baseline.revision)
    }

    /// The target of a revision, or of the branch with that label.
    #[must_use]
    pub fn target_of(&self, name: &str) -> Option<Target> {
        [Target::Shared, Target::Tenant].into_iter().find(|target| {
            let graph = self.graph(*target);
            let label = || Label::new(name).is_ok_and(|label| graph.by_label.contains_key(&label));
            RevisionId::new(name).is_ok_and(|id| graph.by_id.contains_key(&id)) || label()
        })
    }

    /// A checksum of what each revision is and of what it comes after: SHA-256, in hexadecimal
    /// digits.
    #[must_use]
    pub fn checksum(&self) -> String {
        let mut text = String::new();
        for revision in self.revisions() {
            let line = format!(
                "{} {} {} {} {}\n",
                revision.target,
                revision.id,
                comma(&revision.down),
                revision.depends.join(","),
                revision.checksum()
            );
            text.push_str(&line);
        }
        for script in self.baselines() {
            let line = format!(
                "{} baseline {} {}\n",
                script.target,
                comma(&script.baseline),
                script.checksum()
            );
            text.push_str(&line);
        }
        checksum(&text)
    }

    /// What a history that is run as it is should not have, beside what makes it none: several heads
    /// of a target, ways up that do nothing, ways down that are neither written nor marked
    /// irreversible.
    #[must_use]
    pub fn lapses(&self, several_heads: bool) -> Vec<Problem> {
        let mut lapses = Vec::new();
        for target in [Target::Shared, Target::Tenant] {
            let heads = self.graph(target).heads();
            if heads.len() > 1 && !several_heads {
                let files: Vec<_> =
                    heads.iter().map(|node| node.revision.source.as_str()).collect();
                let ids: Vec<_> = heads.iter().map(|node| &node.revision.id).collect();
                let what = format!(
                    "the revisions of the target `{target}` have several heads, {}; merge them with \
                     `tenancy merge heads --target {target}`",
                    comma(&ids)
                );
                lapses.push(Problem::new(what, &files));
            }
        }
        for script in self.baselines() {
            if script.upgrade.each().all(blank) {
                let what = format!(
                    "the baseline of {} does nothing; write it below `-- +upgrade`",
                    comma(&script.baseline)
                );
                lapses.push(Problem::new(what, &[script.source.as_str()]));
            }
        }
        for revision in self.revisions() {
            let files = [revision.source.as_str()];
            let merge = revision.down.len() > 1;
            if revision.upgrade.each().all(blank) && revision.code.is_none() && !merge {
                lapses.push(Problem::new(
                    format!(
                        "the way up of revision {} does nothing; write it below `-- +upgrade`",
                        revision.id
                    ),
                    &files,
                ));
            }
            let down = revision.downgrade.each().any(|script| !blank(script));
            if !down && revision.irreversible.is_none() && revision.code.is_none() && !merge {
                lapses.push(Problem::new(
                    format!(
                        "revision {} has no way down; write it below `-- +downgrade`, or say why there \
                         is none: `-- irreversible: …`",
                        revision.id
                    ),
                    &files,
                ));
            }
            if down && let Some(why) = &revision.irreversible {
                lapses.push(Problem::new(
                    format!("revision {} has a way down, and says it has none: {why}", revision.id),
                    &files,
                ));
            }
        }
        lapses
    }
}

/// Whether a script has nothing but comments.
fn blank(script: &super::Script) -> bool {
    // The comments of all dialects begin alike.
    super::split(crate::Dialect::Postgres, &script.sql).is_ok_and(|pieces| pieces.is_empty())
}

/// Looks at what the revisions are called.
fn names(revisions: &[Revision], problems: &mut Vec<Problem>) {
    let mut ids: BTreeMap<&RevisionId, &str> = BTreeMap::new();
    for Revision { id, down, depends, source, .. } in revisions {
        if let Some(other) = ids.insert(id, source) {
            let what = format!("Revision {id} is present more than once");
            problems.push(Problem::new(what, &[other, source]));
        }
        if down.contains(id) {
            let what = format!("Self-loop is detected in revisions ({id})");
            problems.push(Problem::new(what, &[source]));
        }
        if depends.iter().any(|name| name == id.as_str()) {
            let what = format!("Dependency self-loop is detected in revisions ({id})");
            problems.push(Problem::new(what, &[source]));
        }
        if down.iter().collect::<BTreeSet<_>>().len() < down.len() {
            let what = format!("Revision {id} comes after the same revision twice");
            problems.push(Problem::new(what, &[source]));
        }
    }
    let mut labels: BTreeMap<&Label, (&RevisionId, &str)> = BTreeMap::new();
    for Revision { id, labels: own, source, .. } in revisions {
        for label in own {
            if let Some((other, file)) = labels.insert(label, (id, source)) {
                let what = format!(
                    "Branch name '{label}' in revision {id} already used by revision {other}"
                );
                problems.push(Problem::new(what, &[file, source]));
            }
            let same = ids.iter().find(|(id, _)| id.as_str() == label.as_str());
            if let Some((other, file)) = same {
                let what = format!(
                    "Branch name '{label}' in revision {id} is the name of revision {other} too"
                );
                problems.push(Problem::new(what, &[file, source]));
            }
        }
    }
}

/// Makes a target's graph.
fn place(
    revisions: Vec<Revision>,
    all: &BTreeMap<RevisionId, (Target, String)>,
    labels: &BTreeMap<Label, RevisionId>,
    problems: &mut Vec<Problem>,
) -> Graph {
    let before = problems.len();
    let by_id: BTreeMap<RevisionId, usize> =
        revisions.iter().enumerate().map(|(index, own)| (own.id.clone(), index)).collect();
    let mut nodes = Vec::with_capacity(revisions.len());
    for revision in revisions {
        let mut node = Node {
            down: Vec::new(),
            depends: Vec::new(),
            normalized: Vec::new(),
            next: Vec::new(),
            all_next: Vec::new(),
            branches: revision.labels.iter().cloned().collect(),
            requires: Vec::new(),
            revision,
        };
        let Revision { id, target, source, .. } = &node.revision;
        for parent in &node.revision.down {
            match (by_id.get(parent), all.get(parent)) {
                (Some(index), _) => node.down.push(*index),
                (None, Some((other, file))) => problems.push(Problem::new(
                    format!(
                        "Revision {id} of the target `{target}` comes after revision {parent} of the \
                         target `{other}`; say `depends_on` instead"
                    ),
                    &[source, file],
                )),
                (None, None) => problems.push(Problem::new(
                    format!("Revision {parent} referenced from {id} is not present"),
                    &[source],
                )),
            }
        }
        for name in &node.revision.depends {
            let named = RevisionId::new(name.clone()).ok().filter(|id| all.contains_key(id));
            let named = named.or_else(|| labels.get(&Label::new(name.clone()).ok()?).cloned());
            let Some(other) = named else {
                problems.push(Problem::new(
                    format!("Revision {name}, on which {id} depends, is not present"),
                    &[source],
                ));
                continue;
            };
            match (by_id.get(&other), target) {
                (Some(index), _) if !node.depends.contains(index) => node.depends.push(*index),
                (Some(_), _) => {}
                (None, Target::Tenant) => node.requires.push(other),
                (None, Target::Shared) => problems.push(Problem::new(
                    format!(
                        "Revision {id} of the target `shared` depends on revision {other} of tenants, \
                         which run after it; turn it round"
                    ),
                    &[source, &all[&other].1],
                )),
            }
        }
        nodes.push(node);
    }
    let mut graph = Graph { nodes, by_id, by_label: BTreeMap::new(), baselines: Vec::new() };
    if problems.len() > before {
        return graph;
    }
    link(&mut graph);
    if let Some(problem) = circle(&graph) {
        problems.push(problem);
        return graph;
    }
    normalize(&mut graph);
    spread_labels(&mut graph);
    graph
}

/// Writes down what comes after each.
fn link(graph: &mut Graph) {
    for index in 0..graph.nodes.len() {
        let (down, depends) = (graph.nodes[index].down.clone(), graph.nodes[index].depends.clone());
        for parent in &down {
            graph.nodes[*parent].next.push(index);
            graph.nodes[*parent].all_next.push(index);
        }
        for other in depends.iter().filter(|other| !down.contains(other)) {
            graph.nodes[*other].all_next.push(index);
        }
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        for label in &node.revision.labels {
            graph.by_label.insert(label.clone(), index);
        }
    }
}

/// What is left when everything without a parent is taken away, again and again, stands on a circle
/// or between two.
fn circle(graph: &Graph) -> Option<Problem> {
    let left = |after: fn(&Node) -> Vec<usize>| {
        let mut left: Set = (0..graph.nodes.len()).collect();
        for up in [true, false] {
            loop {
                let free: Vec<_> = left
                    .iter()
                    .copied()
                    .filter(|index| {
                        let blocked = if up {
                            after(&graph.nodes[*index]).iter().any(|other| left.contains(other))
                        } else {
                            left.iter().any(|other| after(&graph.nodes[*other]).contains(index))
                        };
                        !blocked
                    })
                    .collect();
                if free.is_empty() {
                    break;
                }
                free.iter().for_each(|index| {
                    left.remove(index);
                });
            }
        }
        left
    };
    let named = |kind: &str, left: &Set| {
        let files: Vec<_> =
            left.iter().map(|index| graph.nodes[*index].revision.source.as_str()).collect();
        let ids = comma(&graph.ids(left));
        Problem::new(format!("{kind} is detected in revisions ({ids})"), &files)
    };
    let lines = left(|node| node.down.clone());
    if !lines.is_empty() {
        return Some(named("Cycle", &lines));
    }
    let all = left(|node| node.down.iter().chain(&node.depends).copied().collect());
    (!all.is_empty()).then(|| named("Dependency cycle", &all))
}

/// Leaves out dependencies that something a revision comes after has already.
fn normalize(graph: &mut Graph) {
    let normalized: Vec<Vec<usize>> = (0..graph.nodes.len())
        .map(|index| {
            let node = &graph.nodes[index];
            let mut carried = Set::new();
            if !node.depends.is_empty() {
                for other in graph.line_down([index]) {
                    if other != index {
                        carried.extend(&graph.nodes[other].depends);
                    }
                }
            }
            let own = node
                .depends
                .iter()
                .filter(|other| !carried.contains(other) && !node.down.contains(other));
            node.down.iter().chain(own).copied().collect()
        })
        .collect();
    for (node, normalized) in graph.nodes.iter_mut().zip(normalized) {
        node.normalized = normalized;
    }
}

/// A label is that of all that comes after, and of what comes before down to where lines part or
/// meet.
fn spread_labels(graph: &mut Graph) {
    for (label, start) in graph.by_label.clone() {
        for index in graph.line_up([start]) {
            graph.nodes[index].branches.insert(label.clone());
        }
        let mut index = start;
        loop {
            let node = &mut graph.nodes[index];
            if node.all_next.len() > 1 || node.down.len() > 1 {
                break;
            }
            node.branches.insert(label.clone());
            match node.down.first() {
                Some(parent) => index = *parent,
                None => break,
            }
        }
    }
}
