"""The administrators' page: how the pipeline is, what happened last, and what to do."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from platform_app.errors import NotAllowed
from platform_app.settings import airflow_url
from platform_app.web import pipeline
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)
TOOLS = {"count": pipeline.count, "lasting": pipeline.lasting, "size": pipeline.size, "moment": pipeline.moment}
DAGS = ("pipeline", "backfill", "repair", "audit", "erasure", "reconcile", "features")
WORDS = {"good": "Healthy", "attention": "Needs attention", "act": "Somebody has to act"}


@router.get("/admin/pipeline")
def show(look: Look) -> Response:
    """The state of the pipeline; htmx asks for it again every few seconds."""
    with look.read_as_member() as (_, me):
        if me.role != "admin":
            raise NotAllowed("Only an administrator may see this.", code="not_an_administrator")
    settings = look.request.app.state.settings
    state = pipeline.fetch(settings.pipeline_url)
    airflow = airflow_url(settings)
    if isinstance(state, pipeline.Away):
        return render(look.request, "pipeline.html", away=state.why, airflow=airflow, dags=DAGS)
    return render(
        look.request,
        "pipeline.html",
        away=None,
        airflow=airflow,
        dags=DAGS,
        state=state,
        stages={stage["name"]: stage for stage in state["stages"]},
        charts=pipeline.charts(state),
        is_old=pipeline.is_old(state),
        words=WORDS,
        t=TOOLS,
    )
