import type { CheckedConfig } from '../../config/load.ts';
import type { Finding } from './finding.ts';

/** Mistakes and remarks of the configuration. */
export function configurationFindings({ problems, warnings }: CheckedConfig): readonly Finding[] {
  const subject = { topic: 'configuration', subject: 'settings' } as const;
  const findings: Finding[] = problems.map(({ code, message, action }) => ({
    ...subject,
    mark: 'refused',
    says: message,
    action,
    code,
  }));
  if (problems.length === 0) findings.push({ ...subject, mark: 'ok', says: 'read without mistakes' });
  else findings.push({ ...subject, mark: 'warn', says: 'because of the mistakes, defaults are used below' });
  for (const warning of warnings) findings.push({ ...subject, mark: 'warn', says: warning });
  return findings;
}
