//! Who gets a connection of a tenant's own: the rule, apart from everything else.
//!
//! As with `TinyLFU`'s caches, a newcomer takes the place of the least asked-for only if it is
//! asked for more. What is shared out here are connections, of which a busy tenant may have
//! several; so what is compared is how often a tenant is asked for *for each connection*: those it
//! has, and for the newcomer one more. That is d'Hondt's rule for seats. What a connection is moved
//! for is clearly more, since opening one costs more than the questions that are off by a few.

/// How often a tenant must be asked for before it gets a connection, even where there is room.
pub(super) const WARM: u32 = 8;

/// What a tenant has, and how often it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) heat: u32,
    /// Those that are to be closed when they come back are not among them.
    pub(super) connections: u32,
}

/// What becomes of a tenant that found none of its connections free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict<T> {
    /// It gets none. As long as everybody has what they have and is not asked for less, it must be
    /// asked for more than this, for each connection.
    Stay { bar: u32 },
    /// There is room for one more.
    Open,
    /// It gets the place of one of this tenant's.
    Replace(T),
}

impl Share {
    /// How often it would be asked for, for each connection, if it had one more.
    pub(super) fn claim(self) -> u32 {
        self.heat / (self.connections + 1)
    }

    /// What somebody else must claim more than, to get one of its connections.
    fn bar(self) -> u32 {
        let worth = self.heat / self.connections.max(1);
        worth + worth / 4 + WARM
    }
}

/// Decides about a tenant that asks. `others` are those that have connections.
pub(super) fn decide<T>(
    asks: Share,
    room: bool,
    others: impl Iterator<Item = (T, Share)>,
) -> Verdict<T> {
    let claim = asks.claim();
    if claim < WARM {
        return Verdict::Stay { bar: WARM - 1 };
    }
    if room {
        return Verdict::Open;
    }
    let coldest = others.filter(|(_, share)| share.connections > 0).min_by_key(|(_, it)| it.bar());
    match coldest {
        Some((coldest, share)) if claim > share.bar() => Verdict::Replace(coldest),
        Some((_, share)) => Verdict::Stay { bar: share.bar() },
        // Nobody has one to give.
        None => Verdict::Stay { bar: claim },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, proptest};

    use super::*;

    fn share() -> impl Strategy<Value = Share> {
        (0_u32..40_000, 0_u32..20).prop_map(|(heat, connections)| Share { heat, connections })
    }

    fn others() -> impl Strategy<Value = Vec<(usize, Share)>> {
        proptest::collection::vec(share(), 0..12)
            .prop_map(|shares| shares.into_iter().enumerate().collect())
    }

    proptest! {
        #[test]
        fn only_one_who_is_asked_for_more_takes_anothers_place(
            asks in share(),
            room in any::<bool>(),
            others in others(),
        ) {
            let verdict = decide(asks, room, others.iter().copied());
            let having: Vec<_> = others.iter().filter(|(_, it)| it.connections > 0).collect();
            match verdict {
                Verdict::Open => assert!(room && asks.claim() >= WARM),
                Verdict::Replace(who) => {
                    assert!(!room && asks.claim() >= WARM);
                    let cold = others[who].1;
                    let worth = |it: &Share| it.heat / it.connections;
                    assert!(cold.connections > 0 && asks.claim() > worth(&cold));
                    assert!(having.iter().all(|(_, it)| worth(it) >= worth(&cold)), "{who}");
                    // Who gave one does not get it back by the same counts.
                    let back = Share { connections: cold.connections - 1, ..cold };
                    let now = Share { connections: asks.connections + 1, ..asks };
                    let again = decide(back, false, [(0, now)].into_iter());
                    assert!(!matches!(again, Verdict::Replace(_)), "{again:?}");
                }
                Verdict::Stay { bar } => {
                    assert!(asks.claim() <= bar || asks.claim() < WARM);
                    assert!(!room || asks.claim() < WARM);
                    // The bar is where it says: one that claims more is not kept out.
                    let hotter = Share { heat: (bar + 1) * (asks.connections + 1), ..asks };
                    let then = decide(hotter, room, others.iter().copied());
                    assert!(having.is_empty() || !matches!(then, Verdict::Stay { bar: new } if new <= bar));
                }
            }
        }

        #[test]
        fn with_room_everybody_who_is_warm_gets_one(asks in share(), others in others()) {
            let warm = asks.heat >= WARM * (asks.connections + 1);
            assert_eq!(decide(asks, true, others.into_iter()) == Verdict::Open, warm);
        }
    }

    #[test]
    fn a_visitor_does_not_drive_out_a_regular() {
        let share = |heat, connections| Share { heat, connections };
        let check = |asks, others: &[Share], expected| {
            let others = others.iter().copied().enumerate();
            assert_eq!(decide(asks, false, others), expected, "{asks:?}");
        };
        check(share(1, 0), &[share(0, 1)], Verdict::Stay { bar: WARM - 1 });
        check(share(100, 0), &[share(100, 1)], Verdict::Stay { bar: 133 });
        check(share(134, 0), &[share(100, 1)], Verdict::Replace(0));
        check(share(134, 0), &[share(1_000, 1), share(100, 1), share(200, 1)], Verdict::Replace(1));
        // One that has several is asked for less for each.
        check(share(134, 0), &[share(300, 1), share(400, 4)], Verdict::Replace(1));
        check(share(134, 1), &[share(300, 1), share(400, 4)], Verdict::Stay { bar: 133 });
        // Nobody gives what is on its way to somebody else.
        check(share(10_000, 0), &[share(1, 0)], Verdict::Stay { bar: 10_000 });
    }
}
