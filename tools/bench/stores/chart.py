"""Series over time as an SVG picture: one panel below another, the same time axis."""

WIDTH, HEIGHT, LEFT, TOP, GAP = 900, 150, 80, 40, 46
FONT = 'font-family="sans-serif" font-size="12" fill="#333"'


def nice_top(value):
    """The smallest of 1, 2, 5 times a power of ten that is not below `value`."""
    power = 1.0
    while power * 10 < value:
        power *= 10
    while power > value > 0:
        power /= 10
    return next(power * step for step in (1, 2, 5, 10) if power * step >= value)


def panel(title, values, top):
    highest = nice_top(max(values))
    across = WIDTH / max(1, len(values) - 1)
    points = ' '.join(f'{LEFT + i * across:.1f},{top + HEIGHT * (1 - v / highest):.1f}' for i, v in enumerate(values))
    lines = [f'<text x="{LEFT}" y="{top - 8}" {FONT} font-weight="bold">{title}</text>']
    for share in (0, 0.5, 1):
        y = top + HEIGHT * (1 - share)
        lines.append(f'<path d="M{LEFT} {y:.1f}h{WIDTH}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" {FONT} text-anchor="end">{highest * share:,.10g}</text>')
    lines.append(f'<polyline points="{points}" fill="none" stroke="#1668a8" stroke-width="1.5"/>')
    return lines


def draw(title, unit, panels):
    """`panels`: (title, values), the values one a `unit`."""
    bottom = TOP + len(panels) * (HEIGHT + GAP)
    length = max(len(values) for _, values in panels)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 30}" height="{bottom + 10}">',
             '<rect width="100%" height="100%" fill="#fff"/>',
             f'<text x="{LEFT}" y="18" {FONT} font-weight="bold">{title}</text>']
    for number, (name, values) in enumerate(panels):
        lines += panel(name, values, TOP + number * (HEIGHT + GAP) + 14)
    for share in (0, 0.25, 0.5, 0.75, 1):
        lines.append(f'<text x="{LEFT + WIDTH * share:.1f}" y="{bottom - 12}" {FONT} text-anchor="middle">'
                     f'{length * share:.0f} {unit}</text>')
    return '\n'.join([*lines, '</svg>', ''])
