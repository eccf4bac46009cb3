import { defineErrors } from '../../util/errors.ts';

export const metricErrors = defineErrors({
  KISIM_E_METRIC_QUERY: {
    summary: 'Prometheus cannot carry out a query',
    expected: 'PromQL whose result is one value',
    action: "correct the query: Prometheus' own page tells where it is wrong",
  },
  KISIM_E_METRIC_NO_DATA: {
    summary: 'a query of Prometheus gives nothing',
    expected: 'one value now: something exports the metric, and Prometheus scrapes it',
    action:
      "try the query in Prometheus' own page; nothing is decided without it, and replicas stay as they are",
  },
  KISIM_E_METRIC_AMBIGUOUS: {
    summary: 'a query of Prometheus gives several series where one value belongs',
    expected: 'a query that adds the series up or takes one of them',
    action: 'wrap it in sum(...), max(...) or histogram_quantile(...), or select one series by its labels',
  },
  KISIM_E_METRIC_NOT_A_NUMBER: {
    summary: 'a query of Prometheus gives no number',
    expected: 'a finite value: a quotient is NaN while nothing is counted',
    action:
      'drive some load first, or write the query so that it has a value without any: (...) or vector(0)',
  },
});
