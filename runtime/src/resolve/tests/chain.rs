//! EDGE 37: chains.

use proptest::prelude::*;
use tenancy_core::TenantId;

use super::*;
use crate::{Chain, Header, Path};

/// A resolver that always says the same.
#[derive(Clone)]
struct Says(Result<Resolved, Unresolved>);

impl Resolver for Says {
    fn resolve(&self, _: &Parts) -> Result<Resolved, Unresolved> {
        self.0.clone()
    }
}

/// `acme` is a slug, `#42` an id, `/x` a rewritten URI of the slug `acme`; the rest are refusals.
fn says(text: &str) -> Says {
    let acme = || Resolved::from(Slug::new("acme").unwrap());
    Says(match text {
        "missing" => Err(Unresolved::Missing),
        "malformed" => Err(Unresolved::Malformed),
        "ambiguous" => Err(Unresolved::Ambiguous),
        "untrusted" => Err(Unresolved::Untrusted("a reason")),
        "disagreement" => Err(Unresolved::Disagreement),
        "stale" => Err(Unresolved::Stale),
        text => match text.split_at(1) {
            ("#", id) => Ok(Resolved::from(TenantId::new(id).unwrap())),
            ("/", _) => Ok(acme().rewrite(text.parse().unwrap())),
            _ => Ok(Resolved::from(Slug::new(text).unwrap())),
        },
    })
}

fn chain(start: fn(Says) -> Chain, words: &[&str]) -> String {
    let mut words = words.iter().map(|text| says(text));
    let first = start(words.next().unwrap());
    let chain = words.fold(first, Chain::with);
    let found = ask(&chain, request("/", &[]));
    if found.starts_with("untrusted") { "untrusted".to_owned() } else { found }
}

const WORDS: [&str; 12] = [
    "missing",
    "malformed",
    "ambiguous",
    "untrusted",
    "disagreement",
    "stale",
    "acme",
    "globex",
    "#42",
    "#7",
    "/orders",
    "/lines",
];

/// By the rule, in other words: the first that is not missing.
#[test]
fn the_first_that_finds_anything_decides() {
    let mut table = Table::default();
    for one in WORDS {
        for two in WORDS {
            for three in ["missing", "malformed", "acme"] {
                let words = [one, two, three];
                let first = words.into_iter().find(|word| *word != "missing").unwrap_or("missing");
                let expected = chain(Chain::first, &[first]);
                table.line(words, &chain(Chain::first, &words), &expected);
            }
        }
    }
    table.end(432);
}

/// By the rule, in other words: nothing but what is missing is passed over, and what is left agrees.
#[test]
fn all_that_find_anything_agree() {
    let mut table = Table::default();
    for one in WORDS {
        for two in WORDS {
            let words = [one, two];
            let present: Vec<&str> = words.into_iter().filter(|word| *word != "missing").collect();
            let refusals = ["malformed", "ambiguous", "untrusted", "disagreement"];
            let refused = present.iter().find(|word| refusals.contains(word));
            let slugs =
                present.iter().map(|word| if word.starts_with('/') { "acme" } else { word });
            let slugs: Vec<&str> =
                slugs.filter(|word| matches!(*word, "acme" | "globex")).collect();
            let ids: Vec<&&str> = present.iter().filter(|word| word.starts_with('#')).collect();
            let uris: Vec<&&str> = present.iter().filter(|word| word.starts_with('/')).collect();
            let differ = |words: &[&str]| words.windows(2).any(|pair| pair[0] != pair[1]);
            let ids: Vec<&str> = ids.into_iter().copied().collect();
            let uris: Vec<&str> = uris.into_iter().copied().collect();
            let expected = if present.is_empty() {
                "missing".to_owned()
            } else if let Some(refused) = refused {
                (*refused).to_owned()
            } else if differ(&slugs) || differ(&ids) {
                "disagreement".to_owned()
            } else if differ(&uris) {
                "ambiguous".to_owned()
            } else if present.contains(&"stale") {
                "stale".to_owned()
            } else {
                let mut words: Vec<String> =
                    slugs.first().map(|s| s.to_string()).into_iter().collect();
                words.extend(ids.first().map(|id| format!("id {}", &id[1..])));
                words.sort();
                words.extend(uris.first().map(|uri| uri.to_string()));
                words.join(" ")
            };
            table.line(words, &chain(Chain::all, &words), &expected);
        }
    }
    table.end(144);
}

#[test]
fn a_broken_part_is_never_passed_over() {
    let broken = ["malformed", "ambiguous", "untrusted", "disagreement", "stale"];
    for word in broken {
        assert_eq!(chain(Chain::first, &[word, "acme"]), word);
        assert_eq!(chain(Chain::first, &["missing", word, "acme"]), word);
        assert_eq!(chain(Chain::all, &[word, "acme"]), word);
        assert_eq!(chain(Chain::all, &["acme", word]), word);
    }
    // Chains are resolvers.
    let inner = Chain::all(says("missing")).with(says("malformed"));
    let outer = Chain::first(inner).with(says("acme"));
    assert_eq!(ask(&outer, request("/", &[])), "malformed");
}

#[test]
fn a_chain_varies_by_all_it_reads() {
    let chain = Chain::first(Path::new("/t")).with(Header::new("x-one"));
    let chain = chain.with(Chain::all(Header::new("x-two")).with(Header::new("x-one")));
    assert_eq!(chain.vary(), ["x-one", "x-two"]);
}

#[test]
fn a_function_is_a_resolver() {
    let by_query = |parts: &Parts| {
        let query = parts.uri.query().ok_or(Unresolved::Missing)?;
        Slug::new(query).map(TenantRef::from).map_err(|_| Unresolved::Malformed)
    };
    for (uri, expected) in [("/?acme", "acme"), ("/", "missing"), ("/?Acme", "malformed")] {
        assert_eq!(ask(&by_query, request(uri, &[])), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_order_makes_no_difference_to_all(words in prop::collection::vec(0..WORDS.len(), 1..6), turn in 0..6usize) {
        let words: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
        let mut turned = words.clone();
        turned.rotate_left(turn % words.len());
        let (one, other) =
            (chain(Chain::all, &words), chain(Chain::all, &turned));
        let refused = |found: &str| WORDS[..6].contains(&found);
        // Of several reasons to refuse, which one is logged may differ.
        prop_assert!(one == other || (refused(&one) && refused(&other)), "{} {}", one, other);
    }
}
