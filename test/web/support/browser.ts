import { type Browser, chromium } from 'playwright-core';
import { findProgram, unmetNeeds } from '../../system/support/needs.ts';

const programs = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge',
] as const;

/** It is to open the page under test and nothing else. */
const flags = [
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // Its sandbox refuses to start as root, as which containers and build machines run.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

function found(): string | undefined {
  return programs.map(findProgram).find((path) => path !== undefined);
}

/** Why there is no browser here, or false. */
export function noBrowser(): string | false {
  return found() !== undefined ? false : unmetNeeds({ programs: { chromium: 'chromium' } });
}

export async function startBrowser(): Promise<Browser> {
  const executablePath = found();
  if (executablePath === undefined) throw new Error(`none of ${programs.join(', ')} is installed`);
  return chromium.launch({ executablePath, args: flags });
}
