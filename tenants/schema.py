"""How tables are made of rows: what Tortoise's migrations leave out, and what one database needs and not the other.

`CreateModel` takes the constraints of a model and writes none of them; SQLite cannot add a check later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.operations import RunSQL
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor, SqliteSchemaEditor

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient
    from tortoise.migrations.schema_generator.state import State
    from tortoise.models import Model


class RunOnPostgres(RunSQL):
    """One statement for PostgreSQL, which SQLite has no need of."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql, reverse_sql=RunSQL.noop)

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        """Runs on PostgreSQL only."""
        if isinstance(state_editor, AsyncpgSchemaEditor):
            await super().database_forward(app_label, old_state, new_state, state_editor)


def schema_editor(client: BaseDBAsyncClient) -> BaseSchemaEditor:
    """Writes the statements for this client's database, inside the client's transaction."""
    if client.capabilities.dialect == "sqlite":
        return _SqliteEditor(client, atomic=True)
    return _PostgresEditor(client, atomic=True)


class _WithConstraints(BaseSchemaEditor):
    _clauses: tuple[str, ...] = ()

    def _get_model_sql_data(self, model: type[Model]) -> Any:  # noqa: ANN401 - the library's own class
        self._clauses = tuple(self._clause(model, constraint) for constraint in model._meta.constraints)  # noqa: SLF001
        return super()._get_model_sql_data(model)

    def _get_inner_statements(self) -> list[str]:
        return [*super()._get_inner_statements(), *self._clauses]

    def _clause(self, model: type[Model], constraint: CheckConstraint | UniqueConstraint) -> str:
        if isinstance(constraint, CheckConstraint):
            return f'CONSTRAINT "{constraint.name}" CHECK ({constraint.check})'
        columns = ", ".join(self.quote(column) for column in self._resolve_fields_to_columns(model, constraint.fields))
        return f'CONSTRAINT "{constraint.name}" UNIQUE ({columns})'


class _SqliteEditor(_WithConstraints, SqliteSchemaEditor):
    pass


class _PostgresEditor(_WithConstraints, AsyncpgSchemaEditor):
    pass
