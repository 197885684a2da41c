//! The rows of one tenant, by the rules of the TPC-H specification for keys, dates, prices and lists.
//!
//! Every tenant has the same keys and other rows: the numbers begin at a seed of the tenant's own.
//! Comments are words in any order, where the specification has a grammar.

use std::ops::Range;

use chrono::{Days, NaiveDate};
use sea_orm::Value;

use crate::{
    random::Random,
    table::Row,
    words::{
        COLOURS, COMMENTS, CONTAINERS, INSTRUCTIONS, MODES, NATIONS, PRIORITIES, REGIONS, SEGMENTS,
        TYPES,
    },
};

/// How many rows the tables have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) scale: f64,
    suppliers: i64,
    parts: i64,
    customers: i64,
    orders: i64,
    clerks: i64,
}

/// Orders and their lines.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    pub(crate) orders: Vec<Row>,
    pub(crate) lines: Vec<Row>,
}

/// Makes the rows of one tenant.
#[derive(Debug)]
pub(crate) struct Generator {
    random: Random,
    size: Size,
}

impl Size {
    pub(crate) fn new(scale: f64) -> Self {
        let count = |full: f64, least: i64| ((full * scale).round() as i64).max(least);
        Self {
            scale,
            // With fewer, the rule for who offers a part names one supplier twice.
            suppliers: count(10_000.0, 100),
            parts: count(200_000.0, 200),
            customers: count(150_000.0, 150),
            orders: count(1_500_000.0, 1_500),
            clerks: count(1_000.0, 1),
        }
    }

    /// How many orders a refresh adds and deletes: one in a thousand, but enough to be noticed.
    pub(crate) fn refresh(&self) -> i64 {
        (self.orders / 1_000).max(30)
    }

    /// Which orders a refresh adds: the highest keys, so that they are not among those it deletes.
    pub(crate) fn refresh_range(&self) -> Range<i64> {
        self.orders - self.refresh()..self.orders
    }
}

/// The key of the nth order: eight of each 32 numbers, the next eight being left for refreshes.
pub(crate) fn order_key(n: i64, refresh: bool) -> i64 {
    n / 8 * 32 + n % 8 + 1 + if refresh { 8 } else { 0 }
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

fn after(day: NaiveDate, days: i64) -> NaiveDate {
    day + Days::new(days as u64)
}

fn retail_price(part: i64) -> i64 {
    90_000 + part / 10 % 20_001 + 100 * (part % 1_000)
}

/// The supplier of a part's nth offer, of four.
fn offerer(part: i64, n: i64, suppliers: i64) -> i64 {
    (part + n * (suppliers / 4 + (part - 1) / suppliers)) % suppliers + 1
}

impl Generator {
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        Self { random: Random::new(seed), size }
    }

    /// All rows, table by table in the order of [`tables`](crate::table::tables).
    pub(crate) fn tables(&mut self) -> [Vec<Row>; 8] {
        let parts = self.parts();
        let suppliers = self.suppliers();
        let offers = self.offers();
        let customers = self.customers();
        let Orders { orders, lines } = self.orders(0..self.size.orders, false);
        [self.regions(), self.nations(), parts, suppliers, offers, customers, orders, lines]
    }

    fn comment(&mut self, low: usize, high: usize) -> Value {
        self.random.text(&COMMENTS, low, high).into()
    }

    fn phone(&mut self, nation: i64) -> Value {
        let random = &mut self.random;
        let (a, b, c) =
            (random.number(100, 999), random.number(100, 999), random.number(1_000, 9_999));
        format!("{}-{a}-{b}-{c}", nation + 10).into()
    }

    fn regions(&mut self) -> Vec<Row> {
        let regions = REGIONS.iter().zip(0_i64..);
        regions.map(|(name, key)| vec![key.into(), (*name).into(), self.comment(31, 115)]).collect()
    }

    fn nations(&mut self) -> Vec<Row> {
        let row = |((name, region), key): (&(&str, i64), i64)| {
            vec![key.into(), (*name).into(), (*region).into(), self.comment(31, 114)]
        };
        NATIONS.iter().zip(0_i64..).map(row).collect()
    }

    fn parts(&mut self) -> Vec<Row> {
        let keys = 1..=self.size.parts;
        let row = |key: i64| {
            let random = &mut self.random;
            let mut name: Vec<&str> = Vec::with_capacity(5);
            while name.len() < 5 {
                let colour = random.pick(&COLOURS);
                if !name.contains(&colour) {
                    name.push(colour);
                }
            }
            let maker = random.number(1, 5);
            let brand = format!("Brand#{maker}{}", random.number(1, 5));
            let kind = TYPES.map(|list| random.pick(list)).join(" ");
            let size = random.number(1, 50);
            let container = CONTAINERS.map(|list| random.pick(list)).join(" ");
            vec![
                key.into(),
                name.join(" ").into(),
                format!("Manufacturer#{maker}").into(),
                brand.into(),
                kind.into(),
                size.into(),
                container.into(),
                retail_price(key).into(),
                self.comment(5, 22),
            ]
        };
        keys.map(row).collect()
    }

    fn suppliers(&mut self) -> Vec<Row> {
        let keys = 1..=self.size.suppliers;
        let row = |key: i64| {
            let nation = self.random.number(0, 24);
            // The specification has five of each in ten thousand; here each hundred has one.
            let comment = match key % 100 {
                11 => "the Customer has slowly sent Complaints".into(),
                12 => "the Customer quickly Recommends it".into(),
                _ => self.comment(25, 100),
            };
            vec![
                key.into(),
                format!("Supplier#{key:09}").into(),
                self.random.letters(10, 40).into(),
                nation.into(),
                self.phone(nation),
                self.random.number(-99_999, 999_999).into(),
                comment,
            ]
        };
        keys.map(row).collect()
    }

    fn offers(&mut self) -> Vec<Row> {
        let Size { suppliers, parts, .. } = self.size;
        let row = |(part, n): (i64, i64)| {
            vec![
                part.into(),
                offerer(part, n, suppliers).into(),
                self.random.number(1, 9_999).into(),
                self.random.number(100, 100_000).into(),
                self.comment(49, 198),
            ]
        };
        (1..=parts).flat_map(|part| (0..4).map(move |n| (part, n))).map(row).collect()
    }

    fn customers(&mut self) -> Vec<Row> {
        let keys = 1..=self.size.customers;
        let row = |key: i64| {
            let nation = self.random.number(0, 24);
            vec![
                key.into(),
                format!("Customer#{key:09}").into(),
                self.random.letters(10, 40).into(),
                nation.into(),
                self.phone(nation),
                self.random.number(-99_999, 999_999).into(),
                self.random.pick(&SEGMENTS).into(),
                self.comment(29, 116),
            ]
        };
        keys.map(row).collect()
    }

    /// Orders with their lines, of new keys if they are to refresh the tables.
    pub(crate) fn orders(&mut self, range: Range<i64>, refresh: bool) -> Orders {
        let mut made = Orders::default();
        range.for_each(|n| self.order(order_key(n, refresh), &mut made));
        made
    }

    fn order(&mut self, key: i64, made: &mut Orders) {
        // Every third customer never orders anything.
        let customer = loop {
            let customer = self.random.number(1, self.size.customers);
            if customer % 3 != 0 {
                break customer;
            }
        };
        let days = (date(1998, 12, 31) - date(1992, 1, 1)).num_days() - 151;
        let day = after(date(1992, 1, 1), self.random.number(0, days));
        let count = self.random.number(1, 7);
        let (mut total, mut open) = (0, 0);
        for number in 1..=count {
            let (line, price, is_open) = self.line(key, number, day);
            total += price;
            open += i64::from(is_open);
            made.lines.push(line);
        }
        let status = match open {
            0 => "F",
            open if open == count => "O",
            _ => "P",
        };
        made.orders.push(vec![
            key.into(),
            customer.into(),
            status.into(),
            total.into(),
            day.into(),
            self.random.pick(&PRIORITIES).into(),
            format!("Clerk#{:09}", self.random.number(1, self.size.clerks)).into(),
            0_i64.into(),
            self.comment(19, 78),
        ]);
    }

    /// A line, what it costs, and whether it is still to be shipped.
    fn line(&mut self, order: i64, number: i64, day: NaiveDate) -> (Row, i64, bool) {
        let Size { parts, suppliers, .. } = self.size;
        let random = &mut self.random;
        let today = date(1995, 6, 17);
        let part = random.number(1, parts);
        let supplier = offerer(part, random.number(0, 3), suppliers);
        let quantity = random.number(1, 50);
        let price = quantity * retail_price(part);
        let (discount, tax) = (random.number(0, 10), random.number(0, 8));
        let shipped = after(day, random.number(1, 121));
        let promised = after(day, random.number(30, 90));
        let received = after(shipped, random.number(1, 30));
        let is_open = shipped > today;
        let returned = if received <= today { random.pick(&["R", "A"]) } else { "N" };
        let row = vec![
            order.into(),
            part.into(),
            supplier.into(),
            number.into(),
            quantity.into(),
            price.into(),
            discount.into(),
            tax.into(),
            returned.into(),
            if is_open { "O" } else { "F" }.into(),
            shipped.into(),
            promised.into(),
            received.into(),
            random.pick(&INSTRUCTIONS).into(),
            random.pick(&MODES).into(),
            self.comment(10, 43),
        ];
        (row, price * (100 + tax) * (100 - discount) / 10_000, is_open)
    }
}
