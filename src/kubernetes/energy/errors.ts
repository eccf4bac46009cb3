import { defineErrors } from '../../util/errors.ts';

export const energyErrors = defineErrors({
  KISIM_E_PROMETHEUS_SETTING: {
    summary: 'Prometheus cannot be asked',
    expected: 'an http(s) address, and readable files of its token and its authorities',
    action:
      'mend kubernetes.prometheus-url, -token-file or -ca-file; `kisimd config show --origin` tells where they are set',
  },
  KISIM_E_PROMETHEUS_UNREACHABLE: {
    summary: 'Prometheus does not answer',
    expected: 'a Prometheus at kubernetes.prometheus-url',
    action:
      'see whether `curl URL/api/v1/query?query=up` answers on this machine; mind the path of a proxy before it',
  },
  KISIM_E_PROMETHEUS_REFUSED: {
    summary: 'Prometheus does not let us in',
    expected:
      'a user and password in kubernetes.prometheus-url, or a token in kubernetes.prometheus-token-file, that it takes',
    action: 'renew the token, or ask who runs the Prometheus for one',
  },
  KISIM_E_PROMETHEUS_QUERY: {
    summary: 'Prometheus cannot carry out the query',
    expected: 'PromQL in kubernetes.prometheus-query whose result is a vector of counters in joules',
    action: "try the query in Prometheus' own page until it gives one line for each node",
  },
  KISIM_E_PROMETHEUS_ANSWER: {
    summary: 'that is no answer of a Prometheus',
    expected: "JSON of Prometheus' HTTP API under /api/v1",
    action:
      'see that kubernetes.prometheus-url is the address of a Prometheus with the path it is served under',
  },
  KISIM_E_PROMETHEUS_NO_DATA: {
    summary: 'Prometheus knows no energy of a node',
    expected:
      'a series for each node, with a label node_name, node or instance that names it, scraped in the last two intervals',
    action:
      'run `kisimd` on that node and let Prometheus scrape it, or change kubernetes.prometheus-query or -scrape-seconds',
  },
  KISIM_E_PROMETHEUS_AMBIGUOUS: {
    summary: 'Prometheus has several series for one node',
    expected: 'one series for each node, and a label that names only one',
    action: 'sum the series by node in kubernetes.prometheus-query: sum by (node_name) (...)',
  },
  KISIM_E_POD_USE: {
    summary: 'the CPU use of the pods of a node is not known',
    expected: "the kubelet's summary (permission: get nodes/proxy) or the resource metrics of metrics-server",
    action:
      'run `kisimd setup` again so that the account may read one of them, or set kubernetes.pod-use to the one it may read',
  },
});
