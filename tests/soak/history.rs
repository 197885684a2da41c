//! What was asked for and what was acknowledged, and whether what is read agrees with it.
//!
//! Nobody but its writer changes a row, and each change raises the row's version, so that one which
//! takes effect late cannot hide a later one.

/// Rows of one writer, in each tenant. All tenants have the same keys.
const STRIDE: i64 = 1_000_000;

/// A row as somebody has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) tenant: String,
    pub(crate) tag: String,
}

/// The key of one of a slot's rows.
pub(crate) fn key(writer: usize, n: usize, half: usize) -> i64 {
    number(writer) * STRIDE + number(n) * 2 + number(half)
}

/// The key of a row that must never be there.
pub(crate) fn decoy(writer: usize, n: usize) -> i64 {
    -1 - key(writer, n, 0)
}

fn number(number: usize) -> i64 {
    i64::try_from(number).expect("a small number")
}

/// What a row of that key says.
pub(crate) fn tag(tenant: &str, id: i64) -> String {
    if id < 0 {
        return format!("{tenant}/never");
    }
    format!("{tenant}/{}/{}", id / STRIDE, id % STRIDE / 2)
}

/// Which writer's row it is, and in which slot.
pub(crate) fn slot_of(id: i64) -> (usize, usize) {
    let place = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    (place(id / STRIDE), place(id % STRIDE / 2))
}

/// Whether a tenant may see that row.
pub(crate) fn check_row(tenant: &str, row: &Row) -> Result<(), String> {
    if row.id < 0 {
        return Err(format!("`{tenant}` sees a row that was rolled back: {row:?}"));
    }
    if row.tenant != tenant || row.tag != tag(tenant, row.id) {
        return Err(format!("`{tenant}` sees a foreign row: {row:?}"));
    }
    Ok(())
}

/// One or two rows that are written together.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) rows: usize,
    /// The latest version that was acknowledged.
    pub(crate) acknowledged: Option<i64>,
    /// The latest version that was asked for.
    pub(crate) asked: i64,
    pub(crate) deletion: Deletion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    None,
    Asked,
    Acknowledged,
}

impl Slot {
    /// It was asked for.
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows, acknowledged: None, asked: 0, deletion: Deletion::None }
    }

    /// Whether its rows are surely there.
    pub(crate) fn is_there(&self) -> bool {
        self.acknowledged.is_some() && self.deletion == Deletion::None
    }

    /// Whether the versions that were read in one statement can be what is there.
    pub(crate) fn check(&self, versions: &[i64]) -> Result<(), String> {
        let Some(first) = versions.first() else {
            if self.is_there() {
                return Err("an acknowledged write is lost".to_owned());
            }
            return Ok(());
        };
        if versions.len() != self.rows || versions.iter().any(|version| version != first) {
            return Err(format!("half a transaction is there: versions {versions:?}"));
        }
        if self.deletion == Deletion::Acknowledged {
            return Err("a deleted row is there".to_owned());
        }
        if !(self.acknowledged.unwrap_or(0)..=self.asked).contains(first) {
            return Err(format!("version {first} is there"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, tenant: &str, tag: &str) -> Row {
        Row { id, version: 0, tenant: tenant.into(), tag: tag.into() }
    }

    #[test]
    fn a_foreign_row_is_seen_as_one() {
        let id = key(3, 7, 1);
        assert_eq!(slot_of(id), (3, 7));
        assert!(check_row("t1", &row(id, "t1", "t1/3/7")).is_ok());
        assert!(check_row("t1", &row(id, "t2", "t2/3/7")).is_err());
        assert!(check_row("t1", &row(id, "t1", "t2/3/7")).is_err());
        assert!(check_row("t1", &row(id, "t1", "t1/3/8")).is_err());
        assert!(check_row("t1", &row(decoy(3, 7), "t1", "t1/never")).is_err());
    }

    #[test]
    fn what_is_there_must_have_been_asked_for_and_what_was_acknowledged_must_be_there() {
        let unknown = Slot::new(2);
        assert!(unknown.check(&[]).is_ok() && unknown.check(&[0, 0]).is_ok());
        for wrong in [&[0][..], &[0, 1], &[1, 1], &[0, 0, 0]] {
            assert!(unknown.check(wrong).is_err(), "{wrong:?}");
        }
        let written = Slot { acknowledged: Some(2), asked: 3, ..Slot::new(2) };
        assert!(written.check(&[2, 2]).is_ok() && written.check(&[3, 3]).is_ok());
        for wrong in [&[][..], &[1, 1], &[4, 4], &[2, 3], &[2]] {
            assert!(written.check(wrong).is_err(), "{wrong:?}");
        }
        let going = Slot { deletion: Deletion::Asked, ..written.clone() };
        assert!(going.check(&[]).is_ok() && going.check(&[2, 2]).is_ok());
        assert!(going.check(&[2]).is_err());
        let gone = Slot { deletion: Deletion::Acknowledged, ..written };
        assert!(gone.check(&[]).is_ok() && gone.check(&[3, 3]).is_err());
    }
}
