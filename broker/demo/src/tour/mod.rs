//! `locum tour`: the main job, played once in-process on real signed tokens,
//! over HTTP, step by step.

mod play;
mod scenes;
mod vendors;
mod world;

use crate::started::{DemoFlaw, Start};
use play::Play;
use std::process::ExitCode;
use world::TourWorld;

/// Plays the tour. Success only if every step held.
pub async fn command(json: bool, start: Start) -> ExitCode {
    let mut play = Play::new(json);
    play.opening();
    let ended = perform(&mut play, start).await;
    play.closing(&ended);
    if ended.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn perform(play: &mut Play, start: Start) -> Result<(), DemoFlaw> {
    let folder = tempfile::tempdir()?;
    let world = play
        .step(
            "A broker, a provider, agents and targets start",
            TourWorld::start(folder.path(), start),
        )
        .await?;
    let ada = play
        .step(
            "Ada signs in at her provider",
            scenes::sign_in(&world, "ada"),
        )
        .await?;
    let first = play
        .step(
            "The invoice agent exchanges her session for SAP",
            scenes::exchange(&world, &ada),
        )
        .await?;
    play.step(
        "SAP takes the token and sees who acts for whom",
        scenes::call_sap(&world, &first),
    )
    .await?;
    play.step(
        "The agent asks for too much and is told what would pass",
        scenes::too_much(&world, &ada),
    )
    .await?;
    let eve = play
        .step(
            "Eve signs in; nobody allowed anything for her",
            scenes::sign_in(&world, "eve"),
        )
        .await?;
    play.step(
        "So her session is worth nothing to the agent",
        scenes::no_basis(&world, &eve),
    )
    .await?;
    play.step(
        "Ada grants posting of invoices up to 5,000 EUR, once",
        scenes::grant(&world),
    )
    .await?;
    let post = play
        .step(
            "The agent posts invoice 4711 within the grant",
            scenes::post_invoice(&world, &ada),
        )
        .await?;
    play.step(
        "A second time the grant is used up",
        scenes::used_up(&world, &ada),
    )
    .await?;
    let passed = play
        .step(
            "The invoice agent passes its chain on to the HR agent",
            scenes::pass_on(&world, &ada),
        )
        .await?;
    let second = play
        .step(
            "The HR agent exchanges it: the chain holds both",
            scenes::take_over(&world, &passed),
        )
        .await?;
    play.step(
        "The first token is revoked, and the second dies with it",
        scenes::cascade(&world, &passed, &second),
    )
    .await?;
    play.step(
        "The agent is locked, and lives again when it is lifted",
        scenes::lock(&world, &ada, &first),
    )
    .await?;
    vendors::play(play, &world, &ada, &eve).await?;
    let before = play
        .step("A decision explains itself", scenes::explain(&world, &post))
        .await?;
    let world = play
        .step(
            "The broker restarts on the same data",
            world.restart(folder.path(), start),
        )
        .await?;
    play.step(
        "The record is intact, and what was revoked stays dead",
        scenes::intact(&world, &before, &second),
    )
    .await?;
    world.stop().await
}
