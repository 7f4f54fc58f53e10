"""Commands that learn and hold claims against the record."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Any

import click

from detente.cli.options import (
    Day,
    as_of_option,
    desk_option,
    draw,
    give,
    model_option,
    open_desk,
    seed_option,
    show,
    svg_option,
    table_options,
)


@click.command(epilog="Example: detente learn --data icews2018.csv.gz --save korea.model")
@desk_option
@as_of_option
@click.option("--data", multiple=True, type=click.Path(path_type=Path), help="Event data to learn from, not the desk.")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the fit in this file.")
@seed_option
@table_options
def learn(
    path: Path, as_of: Date | None, data: tuple[Path, ...], save: Path | None, seed: int, form: str | None
) -> None:
    """How each state reacts to what the others do, with uncertainty, and how well that predicts."""
    from detente import desk

    fit = desk.learn_from(data, seed=seed) if data else open_desk(path).learn(as_of=as_of, seed=seed)
    if save:
        fit.save(save)
    give(fit, form)


@click.command(epilog="Example: detente reactions --actor PRK --to MOBILIZE --by USA --by KOR")
@desk_option
@click.option("--actor", help="Who reacts (code or name).")
@click.option("--to", help="A PLOVER type of act: the response curve to it, day by day.")
@click.option("--by", multiple=True, help="With --to: who does it (default: anyone).")
@click.option("--toward", multiple=True, help="Whom the reaction meets; with --to: to whom the act is done.")
@click.option("--channel", help="Only through this channel.")
@click.option("--days", type=click.IntRange(1, 365), default=60, show_default=True, help="With --to: days shown.")
@svg_option("With --to: draw the curve to this file.")
@model_option
@table_options
def reactions(path: Path, form: str | None, actor: str | None, to: str | None, **asked: Any) -> None:
    """How actors react: every reaction as a row, or with --to one actor's response to a type of act.

    Without --model, the desk's own model: the shipped prior moved by the desk's events.
    """
    by, toward, channel, days, svg, model = (asked[k] for k in ("by", "toward", "channel", "days", "svg", "model"))
    desk = open_desk(path)
    if not to:
        if by or svg:
            raise click.UsageError("--by and --svg go with --to TYPE.")
        show(desk.reactions(actor=actor, toward=toward, channel=channel, model=model), form, "No such reactions.")
        return
    if not actor:
        raise click.UsageError("--to needs --actor (who reacts).")
    found = desk.reaction(actor, to=to, by=by, toward=toward or None, model=model, channel=channel, days=days)
    draw(found, form, svg)


@click.command(epilog="Example: detente reproduction --by bloc --hostile")
@desk_option
@click.option("--by", type=click.Choice(["pair", "bloc"]), default="pair", show_default=True, help="Within what.")
@click.option("--hostile", is_flag=True, help="Hostile acts that answer hostile acts only.")
@model_option
@table_options
def reproduction(path: Path, form: str | None, **asked: Any) -> None:
    """How many further events an event brings about, generation by generation, within each pair or bloc.

    Below one a quarrel dies down by itself; above one it would feed itself.
    """
    frame = open_desk(path).reproduction(**asked)
    show(frame if form else frame.head(40), form, "No pairs that the model knows.")


@click.command(epilog="Example: detente triggers 1c0ffee1c0ffee00 --most 5")
@click.argument("id")
@desk_option
@click.option("--most", type=click.IntRange(1), default=10, show_default=True, help="Earlier events shown.")
@model_option
@table_options
def triggers(id: str, path: Path, form: str | None, most: int, model: Path | None) -> None:
    """What raised the rate of the event ID: shares of the baseline and of each earlier event, which sum to one."""
    found = open_desk(path).triggers(id, model=model)
    if form:
        show(found.frame(most), form, "Nothing.")
    else:
        click.echo(found.summary(most))


@click.command(
    epilog="""Examples:

    \b
    detente check "joint drills of USA and KOR raise hostile acts of PRK within 30 days"
    detente check "drills of USA raise tests of PRK" --register drills.csv --effects tests.csv --by-group
    detente check --all-claims --csv

    A register is a CSV file, its columns parted by commas, semicolons or tabs. One column is needed: start (or date,
    day, from). It may have end (to, until), name (title, event) and group (season, series, kind); a group called
    cancelled holds what was planned and did not take place:

    \b
    start,end,name,group
    2018-04-01,2018-04-30,Foal Eagle,spring
    """
)
@click.argument("claim", required=False)
@desk_option
@click.option("--register", type=click.Path(path_type=Path, dir_okay=False), help="When the causes took place (CSV).")
@click.option("--effects", type=click.Path(path_type=Path, dir_okay=False), help="Days of the effect events (CSV).")
@click.option("--within", type=click.IntRange(0, 365), help="Days after a cause in which effects count.")
@click.option("--by-group", is_flag=True, help="Each group of the register (season, series) by itself, too.")
@click.option("--since", type=Day(), help="First day compared.")
@click.option("--until", type=Day(), help="Last day compared.")
@click.option("--all-claims", is_flag=True, help="Every causal claim that the desk's reports make.")
@as_of_option
@model_option
@table_options
def check(path: Path, form: str | None, claim: str | None, all_claims: bool, **asked: Any) -> None:
    """Hold a causal CLAIM against the record: counts, days compared with a placebo, the model, and a verdict.

    Verdicts: supports, leans for, says nothing, leans against, contradicts.
    """
    if all_claims:
        desk = open_desk(path)
        if claim or any(asked[k] for k in ("register", "effects", "by_group", "since", "until")):
            raise click.UsageError("--all-claims takes --within, --as-of and --model only.")
        within = 14 if asked["within"] is None else asked["within"]
        answers, unfit = desk.check_claims(within=within, as_of=asked["as_of"], model=asked["model"])
        if form:
            import polars as pl

            unable = unfit.select(
                "speaker", "sentence", claim=pl.format("{} -> {}", "cause", "effect"), cautions="why"
            ).with_columns(verdict=pl.lit("not in terms of the record"))
            frames = [*(answer.frame() for answer in answers), unable]
            show(pl.concat(frames, how="diagonal_relaxed"), form, "No causal claims.")
            return
        for answer in answers:
            click.echo(f"{answer.summary()}\n")
        click.echo(f"{len(answers)} causal claims checked, {unfit.height} cannot be put into terms of the record:")
        for row in unfit.iter_rows(named=True):
            click.echo(f"  {row['speaker'] or 'the author'}: {row['sentence']}\n    ({row['why']})")
        return
    if not claim:
        raise click.UsageError("Give a claim in quotes, or --all-claims.")
    if asked["register"] and asked["effects"]:  # no desk is needed
        from detente.learn import wording

        answer = wording.hold(claim, **{k: v for k, v in asked.items() if k not in ("as_of", "model")})
    else:
        answer = open_desk(path).check(claim, **asked)
    give(answer, form)


@click.command(epilog="Example: detente backtest --train icews2018-to-september.csv.gz --test icews2018.csv.gz")
@desk_option
@click.option("--data", multiple=True, type=click.Path(path_type=Path), help="Event data, not the desk.")
@click.option("--train", multiple=True, type=click.Path(path_type=Path), help="Event data to fit on; with --test.")
@click.option("--test", multiple=True, type=click.Path(path_type=Path), help="Event data to forecast.")
@click.option("--days", type=click.IntRange(1), default=31, show_default=True, help="Last days that are forecast.")
@click.option("--origins", type=click.IntRange(1), default=1, show_default=True, help="How often to fit anew.")
@click.option("--actor", "actors", multiple=True, help="Actors (default: those of the shipped prior; a desk: busiest).")
@click.option("--busiest", "most", type=click.IntRange(2), help="The busiest actors instead.")
@seed_option
@table_options
def backtest(path: Path, form: str | None, data: tuple[Path, ...], train: tuple[Path, ...], **asked: Any) -> None:
    """How well the model forecasts days that it has not seen, one day ahead, against three simpler forecasts."""
    from detente.desk import learning

    test = asked.pop("test")
    if bool(train) != bool(test) or (data and train):
        raise click.UsageError("Give --train and --test together, or --data, or neither for the desk.")
    if data or train:
        found = learning.backtest(data or test, train=train, **asked)
    else:
        found = open_desk(path).backtest(**asked)
    give(found, form)


@click.command(epilog="Example: detente diagnose --desk korea --csv > residuals.csv")
@desk_option
@click.option("--data", multiple=True, type=click.Path(path_type=Path), help="Event data, not the desk.")
@table_options
def diagnose(path: Path, form: str | None, data: tuple[Path, ...]) -> None:
    """Where a model fitted on this record alone is off, and what it rests on: residuals, calibration, influence."""
    from detente.desk import learning

    found = learning.diagnose(data) if data else open_desk(path).diagnose()
    give(found, form)
