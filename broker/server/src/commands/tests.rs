#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use clap::{Arg, ArgAction, Command as Clap, CommandFactory};
use std::fmt::Write as _;

#[test]
fn the_reference_shows_every_command_and_option() {
    let mut root = Cli::command();
    root.build();
    let mut text = format!("```text figure\n{}\n```\n", locum_cli::AFTER_HELP);
    page(&root, &mut text);
    let written = locum_ambient::testing::is_behind_the_mark("cli.md", &text);
    for option in shown(&root) {
        assert!(written.contains(&spelt(option)), "{}", spelt(option));
    }
}

#[test]
fn every_command_and_option_says_what_it_does() {
    fn look(command: &Clap, flaws: &mut Vec<String>) {
        if command.get_about().is_none() {
            flaws.push(command.get_name().to_owned());
        }
        for argument in command.get_arguments().filter(|a| a.get_help().is_none()) {
            flaws.push(format!("{} {}", command.get_name(), argument.get_id()));
        }
        for below in command.get_subcommands() {
            look(below, flaws);
        }
    }
    let mut root = Cli::command();
    root.build();
    let mut flaws = Vec::new();
    look(&root, &mut flaws);
    assert_eq!(flaws, Vec::<String>::new());
}

/// A command's own arguments: those of every command stand once, by hand.
fn shown(command: &Clap) -> impl Iterator<Item = &Arg> {
    let builtin = ["help", "version"];
    command.get_arguments().filter(move |argument| {
        !argument.is_hide_set() && !builtin.contains(&argument.get_id().as_str())
    })
}

fn page(command: &Clap, out: &mut String) {
    for below in command
        .get_subcommands()
        .filter(|c| c.get_name() != "help" && !c.is_hide_set())
    {
        let usage = below.clone().render_usage().to_string();
        let usage = usage.strip_prefix("Usage: ").unwrap();
        let name = below.get_bin_name().unwrap();
        let about = below.get_about().unwrap();
        writeln!(out, "\n## {name}\n\n{about}.\n\n`{usage}`").unwrap();
        let mut rows = shown(below)
            .filter(|argument| argument.get_id() != "output")
            .peekable();
        if rows.peek().is_some() {
            out.push_str("\n| argument | what |\n|---|---|\n");
        }
        for argument in rows {
            writeln!(out, "| `{}` | {} |", spelt(argument), meaning(argument)).unwrap();
        }
        page(below, out);
    }
}

/// `--reason <TEXT>`, `-o, --output <OUTPUT>`, `<ID>`.
fn spelt(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let value = match argument.get_action() {
        ArgAction::SetTrue => String::new(),
        _ => format!("<{}>", names.first().map_or("", |name| name.as_str())),
    };
    let text = match (argument.get_short(), argument.get_long()) {
        (_, None) => value,
        (None, Some(long)) => format!("--{long} {value}"),
        (Some(short), Some(long)) => format!("-{short}, --{long} {value}"),
    };
    text.trim_end().replace('|', "\\|")
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().unwrap().to_string().replace('|', "\\|");
    let values = argument.get_possible_values();
    if argument.get_action().takes_values() && !values.is_empty() {
        let each = values.iter().map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({help})", value.get_name()),
            None => format!("`{}`", value.get_name()),
        });
        write!(text, ". One of {}", each.collect::<Vec<_>>().join(", ")).unwrap();
    }
    let defaults = argument.get_default_values();
    if let (Some(default), true) = (defaults.first(), argument.get_action().takes_values()) {
        write!(text, ". Default `{}`", default.to_string_lossy()).unwrap();
    }
    if argument.is_required_set() {
        text.push_str(". Required");
    }
    text
}
