//! `rls(…)`: further policies of PostgreSQL.

use proc_macro2::TokenStream;
use syn::LitStr;
use tenancy_core::policy::Command;

use super::args::{Argument, split};
use crate::{
    Errors,
    keys::{self, RLS, TENANT_SCOPED},
};

/// What `rls(…)` says.
#[derive(Debug, Default)]
pub struct Rls {
    /// The conditions of commands, in the order in which they are written.
    pub conditions: Vec<Condition>,
    /// `soft_delete`, where it is written.
    pub soft_delete: Option<syn::Ident>,
}

/// A condition for one command.
#[derive(Debug)]
pub struct Condition {
    /// The command it narrows.
    pub command: Command,
    /// The condition, as it is written.
    pub text: String,
    /// Where.
    pub at: TokenStream,
}

const WORDS: [&str; 6] = ["select", "insert", "update", "delete", "read_only", "soft_delete"];

impl Rls {
    pub(super) fn parse(list: TokenStream, errors: &mut Errors) -> Self {
        let mut rls = Self::default();
        for argument in split(list) {
            let Some(argument) = Argument::parse(argument, &TENANT_SCOPED, errors) else {
                continue;
            };
            rls.read(argument, errors);
        }
        rls
    }

    fn read(&mut self, Argument { name, value, .. }: Argument, errors: &mut Errors) {
        let word = name.to_string();
        let commands: &[Command] = match word.as_str() {
            "select" => &[Command::Select],
            "insert" => &[Command::Insert],
            "update" => &[Command::Update],
            "delete" => &[Command::Delete],
            "read_only" => &[Command::Insert, Command::Update, Command::Delete],
            "soft_delete" => &[Command::Delete],
            _ => {
                let text = match keys::nearest(&word, WORDS.into_iter()) {
                    Some(near) => format!("`rls` has no key `{word}`; did you mean `{near}`?"),
                    None => format!(
                        "`rls` has no key `{word}`; it takes a condition for `select`, `insert`, \
                         `update` or `delete`, and the words `read_only` and `soft_delete`: `{}`",
                        RLS.example
                    ),
                };
                errors.push(&name, text);
                return;
            }
        };
        if commands.iter().any(|command| self.conditions.iter().any(|it| it.command == *command)) {
            let text = format!(
                "`{word}` gives a command a second condition; keep one, or join them with AND"
            );
            errors.push(&name, text);
            return;
        }
        let text = match (word.as_str(), value) {
            ("read_only", None) => "false".to_owned(),
            ("soft_delete", None) => {
                self.soft_delete = Some(name.clone());
                return;
            }
            ("read_only" | "soft_delete", Some(value)) => {
                errors.push(value, format!("`{word}` stands alone: `rls({word})`"));
                return;
            }
            (_, Some(value)) => match syn::parse2::<LitStr>(value.clone()) {
                Ok(text) => {
                    let condition = |command: &Command| Condition {
                        command: *command,
                        text: text.value(),
                        at: value.clone(),
                    };
                    self.conditions.extend(commands.iter().map(condition));
                    return;
                }
                Err(_) => {
                    let text = format!("write a condition in SQL, in quotes: `{}`", RLS.example);
                    errors.push(value, text);
                    return;
                }
            },
            (_, None) => {
                errors.push(&name, format!("`{word}` needs a condition: `{}`", RLS.example));
                return;
            }
        };
        let at = quote::ToTokens::to_token_stream(&name);
        let condition =
            |command: &Command| Condition { command: *command, text: text.clone(), at: at.clone() };
        self.conditions.extend(commands.iter().map(condition));
    }
}
