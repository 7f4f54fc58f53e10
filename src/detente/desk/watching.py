"""What a desk looks out for: the likeliest events of the coming days, with reasons."""

from __future__ import annotations

from datetime import date as Date
from typing import TYPE_CHECKING

from detente import actors as registers
from detente.desk.simulating import Simulating

if TYPE_CHECKING:
    from detente.outlook import Outlook


class Watching(Simulating):
    """The verbs of a desk that look out for what comes next."""

    def outlook(
        self,
        days: int = 7,
        *,
        actor: str | None = None,
        type: str | None = None,
        as_of: Date | str | None = None,
        seed: int = 7,
    ) -> Outlook:
        """The watch list: who is likely to do what to whom within the coming days, with chances and reasons.

        Args:
            days: how many days ahead.
            actor: only what this one does (code or name). type: only this PLOVER type.
            as_of: as known by this date; the last day with an event where none is given.
            seed: of what is drawn at random.

        Raises:
            LearnError: the desk's record is too short. RegisterError, CodebookError: unknown actor, unknown type.
        """
        from detente import outlook

        code = registers.register().find(actor).code if actor else None
        day = registers.day(as_of)
        return outlook.outlook(self.table(day), days=days, actor=code, type=type, as_of=day, seed=seed)
