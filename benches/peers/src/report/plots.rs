//! The two plots: how many messages of 64 bytes a second, and how long a round trip takes, each beside the others.
//!
//! They are SVG with text as text, so that no font is needed to draw them.

use std::{error::Error, path::Path};

use plotters::{
    coord::ranged1d::SegmentValue,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{
    cell::{Measure, Placement, Way},
    contestant::Reach,
    contestants::{self, Entry, Group},
    harness::{spread::Spread, table::digits},
    plan::SIZE,
    results::{FIRST, RATE, Results, SECOND, cell, rate},
};

/// What a plot shows of a contestant.
struct Row {
    name: String,
    group: Group,
    /// What the bar or the dot shows.
    value: f64,
    /// Where a line from there ends.
    until: f64,
}

const WIDTH: u32 = 860;
/// The height of a row, and of everything else.
const ROW: u32 = 21;
const REST: u32 = 100;
/// The height of the line that says what the colors mean.
const LEGEND: u32 = 30;
/// From a value to its text.
const GAP: (i32, i32) = (8, 0);
const FONT: &str = "sans-serif";

fn color(group: Group) -> RGBColor {
    match group {
        Group::Ours => RGBColor(24, 90, 188),
        Group::Within => RGBColor(150, 150, 150),
        Group::Between => RGBColor(214, 130, 40),
        Group::Bare => RGBColor(90, 160, 110),
    }
}

/// Draws how many messages a second one sender gets through, and returns whether there was something to draw.
pub(super) fn throughput(results: &Results, path: &Path) -> Result<bool, Box<dyn Error>> {
    let mut rows = Vec::new();
    for entry in contestants::all() {
        let ways = [Way::Busy, Way::Blocking].into_iter();
        let measured = ways.filter_map(|way| {
            let spread = results.spread(&rate(entry.name, way, 1, SIZE), RATE)?;
            Some((spread.median, way))
        });
        let best = measured.max_by(|(left, _), (right, _)| left.total_cmp(right));
        rows.extend(best.map(|(value, way)| row(&entry, way, value, value)));
    }
    rows.sort_by(|left, right| left.value.total_cmp(&right.value));
    let most = rows.last().map_or(1.0, |row| row.value);
    if rows.is_empty() {
        return Ok(false);
    }
    let root = canvas(path, rows.len());
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("Million messages of {SIZE} bytes per second, one sender"), (FONT, 17))
        .margin(10)
        .margin_bottom(LEGEND)
        .x_label_area_size(25)
        .y_label_area_size(250)
        .build_cartesian_2d(0.0..most * 1.1, (0..rows.len() - 1).into_segmented())?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(rows.len())
        .y_label_formatter(&|place| label(&rows, place))
        .label_style((FONT, 13))
        .light_line_style(WHITE)
        .draw()?;
    for (place, row) in rows.iter().enumerate() {
        let corners = [(0.0, SegmentValue::Exact(place)), (row.value, SegmentValue::Exact(place + 1))];
        let mut bar = Rectangle::new(corners, color(row.group).filled());
        bar.set_margin(3, 3, 0, 0);
        chart.draw_series([bar])?;
    }
    let texts = rows.iter().enumerate().map(|(place, row)| {
        EmptyElement::at((row.value, SegmentValue::CenterOf(place)))
            + Text::new(digits(row.value), GAP, beside())
    });
    chart.draw_series(texts)?;
    legend(&root, &rows)?;
    root.present()?;
    Ok(true)
}

/// Draws p50 and p99 of round trips with a core for each end, and returns whether there was something to draw.
pub(super) fn round_trips(results: &Results, path: &Path) -> Result<bool, Box<dyn Error>> {
    let mut rows = Vec::new();
    for entry in contestants::all() {
        for way in entry.ways() {
            let cell = cell(Measure::Trip, entry.name, way, Placement::Apart, SIZE);
            let median = |column| results.spread(&cell, column).map(|Spread { median, .. }| median / 1e3);
            if let (Some(p50), Some(p99)) = (median(FIRST), median(SECOND)) {
                rows.push(row(&entry, way, p50, p99));
            }
        }
    }
    rows.sort_by(|left, right| right.value.total_cmp(&left.value));
    let ends = |pick: fn(f64, f64) -> f64| rows.iter().flat_map(|row| [row.value, row.until]).reduce(pick);
    let (Some(least), Some(most)) = (ends(f64::min), ends(f64::max)) else { return Ok(false) };
    let root = canvas(path, rows.len());
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("Round trip of {SIZE} bytes, µs: p50, and a line to p99"), (FONT, 17))
        .margin(10)
        .margin_bottom(LEGEND)
        .x_label_area_size(25)
        .y_label_area_size(250)
        .build_cartesian_2d((least * 0.7..most * 3.0).log_scale(), (0..rows.len() - 1).into_segmented())?;
    chart
        .configure_mesh()
        .y_labels(rows.len())
        .y_label_formatter(&|place| label(&rows, place))
        .x_label_formatter(&|microseconds| format!("{microseconds}"))
        .label_style((FONT, 13))
        .light_line_style(RGBColor(240, 240, 240))
        .draw()?;
    for (place, row) in rows.iter().enumerate() {
        let at = |value| (value, SegmentValue::CenterOf(place));
        let color = color(row.group);
        chart.draw_series([PathElement::new([at(row.value), at(row.until)], color.stroke_width(2))])?;
        chart.draw_series([Circle::new(at(row.value), 4, color.filled())])?;
    }
    let texts = rows.iter().enumerate().map(|(place, row)| {
        EmptyElement::at((row.until, SegmentValue::CenterOf(place)))
            + Text::new(digits(row.value), GAP, beside())
    });
    chart.draw_series(texts)?;
    legend(&root, &rows)?;
    root.present()?;
    Ok(true)
}

fn row(entry: &Entry, way: Way, value: f64, until: f64) -> Row {
    let place = if entry.reach == Reach::Threads { ", in process" } else { "" };
    let name = format!("{}{place}, {}", entry.name, way.name());
    Row { name, group: entry.group, value, until }
}

type Canvas<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn canvas(path: &Path, rows: usize) -> Canvas<'_> {
    SVGBackend::new(path, (WIDTH, ROW * rows as u32 + REST)).into_drawing_area()
}

/// Returns the name of the row at a place of the axis.
fn label(rows: &[Row], place: &SegmentValue<usize>) -> String {
    match place {
        SegmentValue::CenterOf(place) => rows.get(*place).map_or(String::new(), |row| row.name.clone()),
        _ => String::new(),
    }
}

/// Returns the style of a text to the right of a place.
fn beside() -> TextStyle<'static> {
    TextStyle::from((FONT, 12).into_font()).pos(Pos::new(HPos::Left, VPos::Center))
}

/// Writes what the colors mean below the plot.
fn legend(root: &Canvas<'_>, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let groups = [
        (Group::Ours, "shmpsc, between processes"),
        (Group::Between, "others between processes"),
        (Group::Within, "channels within a process"),
        (Group::Bare, "bare, without what makes a channel"),
    ];
    let (mut x, y) = (20, (ROW * rows.len() as u32 + REST) as i32 - 14);
    for (group, text) in groups {
        root.draw(&Rectangle::new([(x, y - 9), (x + 10, y + 1)], color(group).filled()))?;
        root.draw(&Text::new(text, (x + 15, y - 10), (FONT, 12).into_font()))?;
        x += 45 + 6 * text.len() as i32;
    }
    Ok(())
}
