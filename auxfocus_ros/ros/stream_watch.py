"""Why no frames come, or only pictures: what the streams themselves do not say, told with numbers.

Looked at twice a second beside the pairing. Each line has a code of its own, so that whoever tells a person can keep each kind
from flooding; here nothing is remembered of what was said.
"""

from __future__ import annotations

from collections.abc import Callable

from auxfocus_ros.rig.cloud_placing import JointFrames
from auxfocus_ros.rig.live_matching import LiveMatcher
from auxfocus_ros.rig.matching import PICTURES
from auxfocus_ros.rig.stream_clock import NS_PER_S, QUIET_S, StreamClock, nearest_offset_ns, never_meet_text

LOOK_EVERY_NS = 500_000_000


class StreamWatch:
    """Looks at the streams of one pass; see the module's text."""

    def __init__(
        self,
        matcher: LiveMatcher,
        say: Callable[[str, str], None],
        *,
        clock_ahead_ns: int = 0,
        wall_ahead_ns: int = 0,
        joints: JointFrames | None = None,
        joints_topic: str = "",
    ) -> None:
        """Watch.

        Args:
            matcher: with the streams' clocks.
            say: called with a code and one line.
            clock_ahead_ns: what is already taken off the clouds' stamps.
            wall_ahead_ns: wall clock minus the clock of arrivals.
            joints: the joint states, where any are heard. joints_topic: theirs.
        """
        self._matcher = matcher
        self._say = say
        self._clock_ahead_ns = clock_ahead_ns
        self._wall_ahead_ns = wall_ahead_ns
        self._joints = joints
        self._joints_topic = joints_topic
        self._looked_ns = 0
        self._began_ns: int | None = None
        self._met_ns: dict[str, int] = {}

    def met(self, name: str, now_ns: int) -> None:
        """A picture has met a message of this stream."""
        self._met_ns[name] = now_ns

    def look(self, now_ns: int) -> None:
        """Say what is wrong now; does nothing between its times."""
        if now_ns - self._looked_ns < LOOK_EVERY_NS:
            return
        self._looked_ns = now_ns
        clocks = self._matcher.clocks
        heard = [clock for clock in clocks.values() if clock.arrived_ns is not None and not clock.stopped(now_ns)]
        if self._began_ns is None and heard:
            self._began_ns = now_ns
        if self._began_ns is None or now_ns - self._began_ns < QUIET_S * NS_PER_S:
            return
        for name, clock in clocks.items():
            if clock not in heard:
                self._silent(name, clock, heard, now_ns)
            elif name != PICTURES and clock in heard and clocks[PICTURES] in heard:
                self._apart(name, now_ns)
        if self._joints is not None and self._joints.stopped():
            self._say(
                "topics_joint_states",
                f"joint states on {self._joints_topic} have stopped: the last came {self._joints.age_s():.1f} s ago; clouds that "
                "depend on them are left out",
            )

    def _silent(self, name: str, clock: StreamClock, heard: list[StreamClock], now_ns: int) -> None:
        since = "yet" if clock.arrived_ns is None else f"for {(now_ns - clock.arrived_ns) / NS_PER_S:.0f} s"
        while_ = f", while {heard[0].name} brings messages" if heard else ""
        self._say(f"topics_silent_{name or 'image'}", f"nothing on {clock.name} {since}{while_}: is it published?")

    def _apart(self, name: str, now_ns: int) -> None:
        matcher, pictures, others = self._matcher, self._matcher.clocks[PICTURES], self._matcher.clocks[name]
        behind_ns = matcher.foreign(name)
        if behind_ns is not None:
            side = "behind" if behind_ns > 0 else "ahead of"
            ages = [((clock.delay_ns or 0) + self._wall_ahead_ns) / NS_PER_S for clock in (pictures, others)]
            self._say(
                f"topics_clock_{name}",
                f"the clock of {others.name} is {abs(behind_ns) / NS_PER_S:.3f} s {side} that of {pictures.name} (arrival minus "
                f"stamp is {ages[1]:.3f} s and {ages[0]:.3f} s by this machine's clock), so that none meet: synchronise them, or "
                f"set points_clock_offset_s to {(self._clock_ahead_ns - behind_ns) / NS_PER_S:.3f}",
            )
            return
        since_ns = self._met_ns.setdefault(name, now_ns)
        if now_ns - since_ns < max(QUIET_S * NS_PER_S, pictures.quiet_ns, others.quiet_ns):
            return
        apart_ns, allowed_ns = nearest_offset_ns(pictures.recent_ns, others.recent_ns), matcher.allowed_ns(name)
        if allowed_ns < abs(apart_ns) <= matcher.tolerance_ns:
            matcher.narrowing = False  # too irregular for a period to mean anything: the whole tolerance, from now on
            return
        self._say(f"topics_apart_{name}", never_meet_text(pictures.name, others.name, apart_ns, allowed_ns))
