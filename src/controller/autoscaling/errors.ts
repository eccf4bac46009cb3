import { defineErrors } from '../../util/errors.ts';

export const autoscalingLoopErrors = defineErrors({
  KISIM_E_AUTOSCALE_SOURCE: {
    summary: 'nothing measures what the autoscaling policy needs',
    expected: 'for each metric that the policy reads a query of Prometheus, or the load generator',
    action: 'give the queries that are named here by --query NAME=PROMQL, or drive the load with --load',
  },
  KISIM_E_AUTOSCALE_TARGET: {
    summary: 'there is nothing to scale',
    expected: 'a Deployment for at least one backend',
    action: 'name it: --cpu NAMESPACE/DEPLOYMENT, --gpu NAMESPACE/DEPLOYMENT or both',
  },
});
