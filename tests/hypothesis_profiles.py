"""How Hypothesis searches: anew each time for a developer, the same cases every time in CI. No deadlines in either.

A deadline, like the check for slow data, measures the machine and not the code.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("developer", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("developer"), derandomize=True, database=None)
settings.load_profile("repeatable" if os.environ.get("CI") else "developer")
