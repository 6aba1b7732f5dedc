"""One time line for picture and sound, that of a player.

It begins at zero where the file begins, whatever the first time stamp is. Where the file's own clock begins anew
(pieces of a stream put together, a recording that was interrupted), it goes on: each piece follows the end of the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
from av.format import Flags
from av.packet import Packet

# A step back by more than this is a new piece. ffmpeg and ffplay take the same two numbers.
RESTART_S = 0.1
# In formats made for broadcasting, whose clock may jump, a longer gap is a new piece, too.
LONGEST_GAP_S = 10.0


class TimeLine:
    """Reads the packets of the tracks that are played, and gives each its time on the time line.

    Args:
        container: an open file, at its beginning.
        tracks: the tracks that are played; None stands for one that the file lacks.

    Attributes:
        end_s: where the last packet read so far ends.
        others_end_s: the same of tracks that are not played.
    """

    def __init__(self, container: Any, *tracks: Any) -> None:
        self.container = container
        self.end_s = self.others_end_s = 0.0
        self._jumps = bool(container.format.flags & Flags.ts_discont.value)
        zero = (container.start_time or 0) / av.time_base
        # Seconds to be added to the time stamps of each piece. A track enters the next piece by itself: packets of the
        # last piece's sound may come after the first ones of the next piece's picture.
        self._shifts = [-zero if zero else 0.0]
        self._piece = {track.index: 0 for track in tracks if track is not None}
        self._last: dict[int, float] = {}

    @property
    def pieces(self) -> int:
        """How often the file's clock begins."""
        return len(self._shifts)

    def packets(self) -> Iterator[Packet[Any]]:
        """The packets of the tracks that are played, with times of the time line, which their frames have, too."""
        for packet in self.container.demux():
            timed = packet.dts is not None or packet.pts is not None
            if packet.stream.index in self._piece:
                if timed:
                    self._place(packet)
                yield packet
            elif timed:
                self.others_end_s = max(self.others_end_s, span(packet)[1] + self._shifts[-1])

    def _place(self, packet: Packet[Any]) -> None:
        track = packet.stream.index
        stamp_s, end_s = span(packet, decoded=True)
        if not packet.is_discard:  # what an edit list cuts away is out of order
            last = self._last.get(track, stamp_s)
            if stamp_s < last - RESTART_S or (self._jumps and stamp_s > last + LONGEST_GAP_S):
                self._piece[track] += 1
                if self._piece[track] == len(self._shifts):
                    self._shifts.append(self.end_s - stamp_s)
            self._last[track] = stamp_s
        shift_s = self._shifts[self._piece[track]]
        if shift_s:
            shift = round(shift_s / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts + shift
            packet.dts = None if packet.dts is None else packet.dts + shift
        if not packet.is_discard:
            self.end_s = max(self.end_s, end_s + shift_s)


def span(packet: Packet[Any], decoded: bool = False) -> tuple[float, float]:
    """When what a packet holds begins and ends, in s.

    Args:
        packet: one of its time stamps must be there.
        decoded: begin where the packet is decoded, not where it is shown: these times never run backwards.
    """
    shown: Any = packet.pts if packet.pts is not None else packet.dts
    begin = packet.dts if decoded and packet.dts is not None else shown
    unit = packet.time_base
    # Whole numbers as long as possible: fractions take many times as long, and there are a hundred packets a second.
    one, of = unit.numerator, unit.denominator
    return begin * one / of, (shown + (packet.duration or 0)) * one / of
