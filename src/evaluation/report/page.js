// Draws the plots of the report. Runs in a browser, after echarts; nothing is loaded from anywhere.
(() => {
  const echarts = window.echarts;
  const options = JSON.parse(document.getElementById('charts').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** A bar with caps from the low to the high end of an interval. */
  const interval = (_params, api) => {
    const [left, y] = api.coord([api.value(1), api.value(0)]);
    const [right] = api.coord([api.value(2), api.value(0)]);
    const style = { stroke: api.visual('color'), lineWidth: 2, fill: 'none' };
    const line = (x1, y1, x2, y2) => ({ type: 'line', shape: { x1, y1, x2, y2 }, style });
    const cap = 5;
    return {
      type: 'group',
      children: [
        line(left, y, right, y),
        line(left, y - cap, left, y + cap),
        line(right, y - cap, right, y + cap),
      ],
    };
  };

  const theme = () => {
    const axis = {
      axisLine: { lineStyle: { color: colour('--line') } },
      axisTick: { lineStyle: { color: colour('--line') } },
      axisLabel: { color: colour('--muted') },
      nameTextStyle: { color: colour('--muted') },
      splitLine: { lineStyle: { color: colour('--line'), opacity: 0.7 } },
    };
    return {
      backgroundColor: 'transparent',
      textStyle: { color: colour('--text'), fontFamily: getComputedStyle(document.body).fontFamily },
      legend: {
        textStyle: { color: colour('--text') },
        inactiveColor: colour('--muted'),
        pageTextStyle: { color: colour('--text') },
        pageIconColor: colour('--accent'),
        pageIconInactiveColor: colour('--line'),
      },
      tooltip: {
        backgroundColor: colour('--card'),
        borderColor: colour('--line'),
        textStyle: { color: colour('--text') },
      },
      valueAxis: axis,
      categoryAxis: { ...axis, splitLine: { show: false } },
      logAxis: axis,
    };
  };

  /** What JSON cannot say: functions. */
  const complete = (option) => {
    const { unit = '', digits = 2, ...tooltip } = option.tooltip;
    const valueFormatter = (value) =>
      `${Number(value).toLocaleString('en', { maximumFractionDigits: digits })} ${unit}`;
    const tips =
      tooltip.trigger === 'item' ? { formatter: (point) => point.data.tip ?? '' } : { valueFormatter };
    return {
      ...option,
      animation: false,
      tooltip: { ...tooltip, confine: true, ...tips },
      series: option.series.map((series) =>
        series.renderItem === 'interval' ? { ...series, renderItem: interval } : series,
      ),
    };
  };

  const drawn = new Map();
  const draw = (element) => {
    drawn.get(element)?.dispose();
    const chart = echarts.init(element, theme(), { renderer: 'svg' });
    chart.setOption(complete(options[element.id]));
    drawn.set(element, chart);
  };

  const panels = [...document.querySelectorAll('.cell')];
  const buttons = [...document.querySelectorAll('#cells button')];
  const show = (index) => {
    panels.forEach((panel, i) => {
      panel.hidden = i !== index;
    });
    buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', String(i === index));
    });
    for (const element of panels[index].querySelectorAll('.chart')) if (!drawn.has(element)) draw(element);
    for (const element of panels[index].querySelectorAll('.chart')) drawn.get(element).resize();
  };
  for (const button of buttons) button.addEventListener('click', () => show(Number(button.dataset.cell)));

  for (const element of document.querySelectorAll('.chart'))
    if (element.closest('.cell') === null) draw(element);
  if (panels.length > 0) show(0);
  window.addEventListener('resize', () => {
    for (const [element, chart] of drawn) if (element.offsetParent !== null) chart.resize();
  });
  dark.addEventListener('change', () => {
    // A plot that is hidden has no size: it is drawn when it is shown.
    for (const element of [...drawn.keys()]) {
      if (element.offsetParent !== null) draw(element);
      else {
        drawn.get(element).dispose();
        drawn.delete(element);
      }
    }
  });
})();
