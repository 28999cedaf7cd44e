"""dreamtalk demo: the web page."""

import argparse
import importlib.util
import os
from typing import Any

from dreamtalk.errors import OptionError
from dreamtalk.pipeline import DreamTalk


def add_command(commands: Any) -> None:
    parser = commands.add_parser(
        "demo",
        help="open the web page (needs the extra: pip install 'dreamtalk[demo]')",
        description="Serve the web page on this machine; nothing leaves it.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", metavar="NAME", help="0.0.0.0 lets other machines in")
    parser.add_argument("--port", type=int, default=7860, metavar="N", help="default 7860")
    parser.add_argument("--open", action="store_true", help="open a browser window too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if importlib.util.find_spec("gradio") is None:
        raise OptionError("The web page needs Gradio; install it by: pip install 'dreamtalk[demo]'.")
    # Read when gradio is imported: the page works without a network and reports to nobody.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from apps.page import LOOK, build_demo

    print("loading the networks and drawing the emotions ...", flush=True)
    page = build_demo(DreamTalk.load())
    page.launch(server_name=arguments.host, server_port=arguments.port, inbrowser=arguments.open, **LOOK)
    return 0
