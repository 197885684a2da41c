//! Names as SeaORM spells them. It leaves that to the crate `heck`, which the tests compare with.

/// `tenant_id` or `tenantID` to `TenantId`, as variants of `Column` are named.
pub(crate) fn upper_camel(name: &str) -> String {
    words(name).iter().map(|word| capitalized(word)).collect()
}

/// `tenantId` to `tenant_id`, as columns are named in the database.
pub(crate) fn snake(name: &str) -> String {
    words(name).iter().map(|word| word.to_lowercase()).collect::<Vec<_>>().join("_")
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &chars.as_str().to_lowercase()
}

/// A word ends before what is neither letter nor digit, before a capital that follows a small
/// letter, and before the last of several capitals if a small letter follows that.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let mut word = String::new();
        // Whether the last letter of this word was a capital; digits do not change it.
        let mut capital = None;
        let mut chars = part.chars().peekable();
        while let Some(c) = chars.next() {
            let next = chars.peek();
            let next_is_small = next.is_some_and(|next| next.is_lowercase());
            if capital == Some(true) && c.is_uppercase() && next_is_small {
                words.push(std::mem::take(&mut word));
                word.push(c);
                capital = None;
                continue;
            }
            word.push(c);
            if c.is_lowercase() {
                capital = Some(false);
            } else if c.is_uppercase() {
                capital = Some(true);
            }
            if capital == Some(false) && next.is_some_and(|next| next.is_uppercase()) {
                words.push(std::mem::take(&mut word));
                capital = None;
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use heck::{ToSnakeCase, ToUpperCamelCase};

    use super::*;

    /// Every name of up to seven of these characters.
    fn names() -> impl Iterator<Item = String> {
        let longer = |names: &Vec<String>| {
            let next =
                names.iter().flat_map(|name| "aB1_".chars().map(move |c| format!("{name}{c}")));
            Some(next.collect())
        };
        std::iter::successors(Some(vec![String::new()]), longer).take(8).flatten()
    }

    #[test]
    fn names_are_those_of_sea_orm() {
        for name in names().chain(["tenant_id", "größeÄnderung", "r2D2"].map(str::to_owned)) {
            assert_eq!(upper_camel(&name), name.to_upper_camel_case(), "{name}");
            assert_eq!(snake(&name), name.to_snake_case(), "{name}");
        }
    }
}
