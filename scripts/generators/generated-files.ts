import { commandGroups, commandTable } from '../../src/cli/commands.ts';
import { globalOptions } from '../../src/cli/global-options.ts';
import { manualPage } from '../../src/cli/manual.ts';
import { version } from '../../src/cli/version.ts';
import { describeMetrics } from '../../src/export/describe-metrics.ts';
import { commandsPage } from './commands-page.ts';
import { configurationPage } from './configuration-page.ts';
import { declaredErrors } from './error-codes.ts';
import { errorsPage } from './errors-page.ts';
import { policyTermsPage } from './policy-terms-page.ts';
import { readmeWithResults, resultsPage } from './results-table.ts';

/** Every file that is made from the source, by its path in the repository. */
export async function generatedFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const table = { commands: commandTable, groups: commandGroups };
  return new Map([
    ['docs/developer/policy-terms.md', policyTermsPage()],
    ['README.md', readmeWithResults(root)],
    ['docs/results/README.md', resultsPage(root)],
    ['docs/user/commands.md', commandsPage(commandTable, globalOptions)],
    ['docs/user/configuration.md', configurationPage()],
    ['docs/user/errors.md', errorsPage(await declaredErrors(root))],
    ['docs/user/metrics.md', describeMetrics()],
    ['docs/man/kisimd.1', manualPage(table, globalOptions, version())],
  ]);
}
