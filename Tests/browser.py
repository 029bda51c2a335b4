"""Looks at a report and an evaluation in Chromium, as browser.sh has made them: browser.py FOLDER SCREENSHOTS"""

import base64
import json
import pathlib
import sys

from playwright.sync_api import sync_playwright

folder, screenshots = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
GREEN, RED = (27, 110, 60), (179, 38, 30)
ODD = 'a <b>bold & "quoted".jpg'

PIXELS = """
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data;
"""


def expect(condition, what):
    if not condition:
        sys.exit(f"browser: {what}")


class Seen:
    """A page that was opened, with what it asked for and complained of, and a picture of it."""

    def __init__(self, browser, name):
        self.page = browser.new_page(viewport={"width": 1200, "height": 900})
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.name = name
        self.page.goto((folder / f"{name}.html").as_uri())

    def finish(self):
        others = [url for url in self.requests if not url.startswith(("data:", (folder / self.name).as_uri()))]
        expect(not others, f"{self.name} asks for {others}")
        expect(not self.complaints, f"{self.name}: {self.complaints}")

    def screenshot(self, selector=None):
        """What is seen of an element as a picture's address; of the whole page it is also written to a file."""
        if selector is None:
            data = self.page.screenshot(path=screenshots / f"{self.name}.png", full_page=True)
        else:
            data = self.page.locator(selector).first.screenshot()
        return "data:image/png;base64," + base64.b64encode(data).decode()

    def size(self, source):
        return self.page.evaluate(f"async source => {{ {PIXELS} return [image.width, image.height]; }}", source)

    def color(self, source, x, y):
        script = f"async ([source, x, y]) => {{ {PIXELS} return Array.from(data.slice((y * image.width + x) * 4).slice(0, 3)); }}"
        return self.page.evaluate(script, [source, x, y])

    def count(self, source, condition):
        """The pixels for which a condition of JavaScript on r, g and b holds."""
        script = f"""async source => {{ {PIXELS}
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {{
            const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
            if ({condition}) count += 1;
          }}
          return count; }}"""
        return self.page.evaluate(script, source)


def near(color, tolerance=6):
    return " && ".join(f"Math.abs({name} - {value}) <= {tolerance}" for name, value in zip("rgb", color))


def look_at_report(browser):
    seen = Seen(browser, "report")
    page = seen.page
    results = [json.loads(line) for line in (folder / "report.jsonl").read_text().splitlines()]
    items = page.locator(".pictures > li")
    expect(items.count() == len(results) == 19, f"the report has {items.count()} pictures of {len(results)}")
    for index, result in enumerate(results):
        item = items.nth(index)
        name = item.locator("h2").text_content()
        expect(name == result["image"], f"picture {index} is called {name}, expected {result['image']}")
        if "error" in result:
            expect(item.locator(".error").text_content() == result["error"], "the error is not told")
            continue
        best = result["predictions"][0]
        cells = item.locator("tr").first.locator("td").all_text_contents()
        expect(cells[1] == best["label"], f"{name} is {cells[1]}, expected {best['label']}")
        expect(abs(float(cells[0].removesuffix("%")) - 100 * best["probability"]) < 0.006, f"{name} has {cells[0]}")
        bar, room = item.locator(".bar").first.bounding_box(), item.locator("td").nth(2).bounding_box()
        expect(abs(bar["width"] / room["width"] - best["probability"]) < 0.05, f"the bar of {name}")
        for kind in ("picture", "heatmap"):
            size = item.locator(f"img.{kind}").evaluate("image => [image.complete, image.naturalWidth]")
            expect(size[0] and 40 <= size[1] <= 160, f"the {kind} of {name}: {size}")
    expect(any(ODD in result["image"] for result in results), "the odd name is missing")
    expect(page.locator(".pictures b").count() == 0, "a name became an element")
    expect("1 of them not classified" in page.locator(".summary").text_content(), "the summary")

    # The heatmap is brightest where its values are largest.
    values = results[1]["heatmap"]
    picture = items.nth(1).locator("img.picture").get_attribute("src")
    heatmap = items.nth(1).locator("img.heatmap").get_attribute("src")
    width, height = seen.size(picture)
    expect(seen.size(heatmap) == [width, height + 11], "the scale is not below the heatmap")
    reds = []
    for index, value in enumerate(values["values"]):
        row, column = divmod(index, values["width"])
        x, y = int((column + 0.5) * width / values["width"]), int((row + 0.5) * height / values["height"])
        reds.append((value, (seen.color(heatmap, x, y)[0] - 0.45 * seen.color(picture, x, y)[0]) / 0.55))
    brightest, darkest = max(reds), min(reds)
    expect(brightest[0] == 1 and brightest[1] > 235, f"the largest value is drawn with red {brightest[1]}")
    expect(darkest[1] < brightest[1] - 60, f"the smallest value is drawn with red {darkest[1]}")

    shot = seen.screenshot()
    expect(seen.count(shot, near(GREEN)) > 2000, "no bars are seen")
    expect(seen.count(shot, near((252, 255, 164))) > 20, "no end of a color scale is seen")
    expect(seen.count(seen.screenshot(".error"), near(RED, 60)) > 20, "the error is not seen")
    seen.finish()


def look_at_evaluation(browser):
    seen = Seen(browser, "evaluation")
    page = seen.page
    expect("16 of 18" in page.locator("pre.summary").text_content(), "the summary tells another accuracy")
    squares = page.locator("svg.matrix rect")
    wrong = page.locator('svg.matrix rect[fill="#b3261e"]')
    titles = sorted(wrong.locator("title").all_text_contents())
    expect([title.split(":")[0] for title in titles] == ["glass taken for plate", "spoon taken for plate"], f"{titles}")
    expect(squares.count() > wrong.count() == 2, f"{squares.count()} squares, {wrong.count()} of them wrong")

    mistakes = page.locator(".mistakes li")
    names = mistakes.locator("small").all_text_contents()
    expect(sorted(names) == ["photos/0002.jpg", "photos/0004.jpg"], f"the mistakes are {names}")
    for index in range(2):
        size = mistakes.nth(index).locator("img").evaluate("image => [image.complete, image.naturalWidth]")
        expect(size[0] and 40 <= size[1] <= 128, f"the thumbnail of a mistake: {size}")

    def shown(text):
        page.locator("input.filter").fill(text)
        visible = [mistakes.nth(index).is_visible() for index in range(2)]
        expect(page.locator(".shown").text_content() == str(sum(visible)), f"the count for the filter {text}")
        return [name for name, is_visible in zip(names, visible) if is_visible]

    expect(shown("0004") == ["photos/0004.jpg"], "a filter by the file")
    expect(shown("SPOON") == ["photos/0002.jpg"], "a filter by the class")
    expect(shown("nothing of the kind") == [], "a filter that fits nothing")
    expect(len(shown("")) == 2, "no filter")

    classes = ["cup", "fork", "glass", "knife", "plate", "spoon"]
    for kind in ("row", "column"):
        names = page.locator(f"svg.matrix text.{kind}")
        expect(sorted(names.all_text_contents()) == classes, f"the {kind}s are called {names.all_text_contents()}")
    # Each name is beside the row, or above the column, that has its square of the diagonal.
    edges = page.locator("svg.matrix").bounding_box()
    for name in classes:
        title = page.locator("svg.matrix title").filter(has_text=f"{name} taken for {name}:")
        if not title.count():
            continue
        square = title.locator("xpath=..").bounding_box()
        row, column = (page.locator(f"svg.matrix text.{kind}", has_text=name).bounding_box() for kind in ("row", "column"))
        for box in (row, column):
            expect(box["x"] >= edges["x"] and box["y"] >= edges["y"], f"{name} is cut off")
            expect(min(box["width"], box["height"]) >= 10, f"{name} is too small to read: {box}")
        middle = lambda box, side, length: box[side] + box[length] / 2
        expect(abs(middle(row, "y", "height") - middle(square, "y", "height")) < 6, f"the row of {name}")
        expect(abs(middle(column, "x", "width") - middle(square, "x", "width")) < 6, f"the column of {name}")
        expect(row["x"] + row["width"] <= square["x"] and column["y"] + column["height"] <= square["y"], f"{name}")

    matrix = seen.screenshot("svg.matrix")
    expect(seen.count(matrix, near(GREEN)) > 1000, "the diagonal of the matrix is not seen")
    expect(seen.count(matrix, "r > g + 25") > 500, "the confusions in the matrix are not seen")
    seen.screenshot()
    seen.finish()


def look_at_two_models(browser):
    seen = Seen(browser, "two")
    page = seen.page
    report = json.loads((folder / "two.json").read_text())
    titles = [f"{folder}/kitchenware.xcw (fp32)", f"{folder}/bright.xcw (int8)"]
    expect(page.title() == "Evaluation of " + ", ".join(titles), f"the page is called {page.title()}")
    headings = page.locator("h2").all_text_contents()
    expect(headings == [f"A: {titles[0]}, B: {titles[1]}"] + titles, f"the headings are {headings}")
    summary = page.locator("pre.summary").text_content()
    expect(summary.count("macro F1") == 2, "the summary has not both models' own figures")

    differences = report["pairs"][0]["differences"]
    rights = [difference["right"] for difference in differences]
    expect(len(differences) > 2 and "a" in rights, f"the models differ in {rights}")
    names = {"a": "A", "b": "B"}
    expected = [[d["picture"], d["truth"], d["a"], d["b"], names.get(d["right"], d["right"])] for d in differences]
    rows = page.locator(".differences .entry")
    cells = [rows.nth(index).locator("td").all_text_contents() for index in range(rows.count())]
    expect(cells == expected, f"the page shows {cells}, expected {expected}")
    section = page.locator("#pair0")
    section.locator("input.filter").fill(expected[0][0])
    visible = [index for index in range(rows.count()) if rows.nth(index).is_visible()]
    expect(visible == [0] and section.locator(".shown").text_content() == "1", "a filter of the differences")
    seen.screenshot()
    seen.finish()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    look_at_report(browser)
    look_at_evaluation(browser)
    look_at_two_models(browser)
    browser.close()
print("The report and the evaluation are seen in Chromium as they should be")
