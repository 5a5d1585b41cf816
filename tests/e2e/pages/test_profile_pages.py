"""A person's work on their pages in a browser: a picture with progress, skills, a portfolio, a résumé, a file under a post."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.lib.specimens import SVG, picture, word
from tests.lib.visiting import sign_up, write_post


def file_of(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def test_a_person_shows_their_work(page: Page, app_url: str, tmp_path: Path, look: Any) -> None:
    sign_up(page, app_url, "Maria")
    page.goto(f"{app_url}/settings/profile")
    chooser = page.get_by_label("A picture of you")
    chooser.set_input_files(file_of(tmp_path, "a.svg", SVG))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("SVG images can hold scripts")
    chooser.set_input_files(file_of(tmp_path, "a.jpg", picture("JPEG", (900, 700))))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("Another picture")).to_be_visible()
    assert page.evaluate("document.querySelector('.face-picture').naturalWidth") == 460
    look(page, "profile-form")
    page.goto(f"{app_url}/settings/work")
    page.get_by_label("Skill 1", exact=True).fill("golang")
    page.get_by_label("Skill 2", exact=True).fill("Postgres")
    page.get_by_role("button", name="Save skills").click()
    expect(page.get_by_label("Skill 1", exact=True)).to_have_value("Go")
    page.get_by_label("What you ask for an hour").fill("80")
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    page.get_by_label("Your résumé").set_input_files(
        file_of(tmp_path, "cv.docx", word("Skills: Python, Kubernetes", "2014 - 2020 Acme"))
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("6 years of experience")).to_be_visible()
    look(page, "work-form")
    page.get_by_role("button", name="Take over what is ticked").click()
    expect(page.get_by_text("What you ticked is in your profile.")).to_be_visible()
    page.goto(f"{app_url}/settings/portfolio")
    page.get_by_label("Its name").fill("A pump that does not hum")
    page.get_by_label("What it is and what you did").fill("New bearings.")
    page.get_by_label("Skills it shows").fill("golang, Postgres")
    page.get_by_label("A picture of it").set_input_files(file_of(tmp_path, "p.png", picture()))
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("heading", name="A pump that does not hum")).to_be_visible()
    expect(page.locator(".piece .skills li")).to_have_text(["Go", "PostgreSQL"])
    expect(page.get_by_text("80 EUR an hour")).to_be_visible()
    expect(page.get_by_text("takes work on")).to_be_visible()
    look(page, "person")
    post = write_post(page, app_url, "The pump hums", "All night.")
    page.get_by_text("Attach a picture or a file").click()
    page.get_by_label("A picture or a file").set_input_files(file_of(tmp_path, "hum.png", picture(size=(900, 300))))
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("img", name="hum.webp")).to_be_visible()
    look(page, "post-with-file")
    page.goto(f"{app_url}/dashboard")
    expect(page.get_by_role("heading", name="Your dashboard")).to_be_visible()
    look(page, "dashboard")
    page.goto(post)
    page.get_by_role("button", name="Take away hum.webp").click()
    expect(page.get_by_role("img", name="hum.webp")).to_have_count(0)


def test_files_are_chosen_while_a_problem_is_written(
    new_page: Callable[..., Page], app_url: str, tmp_path: Path, look: Any
) -> None:
    page = new_page()
    sign_up(page, app_url, "Nadia")
    page.goto(f"{app_url}/posts/new")
    page.get_by_label("The problem in one line").fill("The pump hums at night")
    page.get_by_label("The whole story").fill("See for yourself.")
    chooser = page.get_by_label("Pictures and files")
    chooser.set_input_files([file_of(tmp_path, f"{number}.png", picture(size=(9, 9))) for number in range(7)])
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("alert")).to_have_text("A text shows at most 6 files: choose fewer.")
    chooser.set_input_files(file_of(tmp_path, "a.svg", SVG))
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("alert")).to_contain_text("SVG images can hold scripts")
    expect(page.get_by_label("The whole story")).to_have_value("See for yourself.")
    look(page, "write-refused")
    chooser.set_input_files(
        [file_of(tmp_path, "hum.png", picture(size=(900, 300))), file_of(tmp_path, "log.txt", b"hum")]
    )
    held: list[Route] = []
    page.route("**/posts/new", lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants a function
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("progressbar", name="How far it is")).to_be_visible()
    expect(page.get_by_role("button", name="Post it")).to_be_disabled()
    held[0].continue_()
    expect(page.get_by_role("img", name="hum.webp")).to_be_visible()
    expect(page.get_by_role("link", name="log.txt")).to_be_visible()


def test_a_form_with_files_works_without_scripts(new_page: Callable[..., Page], app_url: str, tmp_path: Path) -> None:
    page = new_page(scripts=False)
    sign_up(page, app_url, "Olga")
    page.goto(f"{app_url}/posts/new")
    page.get_by_label("The problem in one line").fill("The pump drips")
    page.get_by_label("The whole story").fill("On the floor.")
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("heading", name="The pump drips")).to_be_visible()
    page.get_by_label("How would you solve it?").fill("A new seal.")
    page.get_by_label("Pictures and files").set_input_files(file_of(tmp_path, "seal.png", picture()))
    page.get_by_role("button", name="Post the approach").click()
    expect(page.get_by_role("img", name="seal.webp")).to_be_visible()
