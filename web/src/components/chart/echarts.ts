/*
 * echarts.ts - the parts of ECharts that charts use, and no others; loaded when the first chart is.
 * ECharts' own tooltip is not among them: it writes HTML with style attributes, which the content
 * security policy refuses.
 */
import { LineChart, SankeyChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([LineChart, SankeyChart, GridComponent, MarkLineComponent, SVGRenderer]);

export { init };
