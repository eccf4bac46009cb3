import { defineErrors } from '../util/errors.ts';

export const configErrors = defineErrors({
  KISIM_E_CONFIG_UNREADABLE: {
    summary: 'a configuration file cannot be read',
    expected: 'a file that this user may read',
    action: 'correct the path or the permissions of the file',
  },
  KISIM_E_CONFIG_SYNTAX: {
    summary: 'a configuration file is not valid YAML',
    expected: 'YAML 1.2, one document, each key once',
    action: 'correct the line; `kisimd config show` prints a valid file',
  },
  KISIM_E_CONFIG_UNKNOWN_KEY: {
    summary: 'a setting is not known',
    expected: 'a key of docs/user/configuration.md',
    action: 'correct or remove it; `kisimd config show` lists every key',
  },
  KISIM_E_CONFIG_VALUE: {
    summary: 'a setting has a value that it cannot have',
    expected: 'a value of the type and range in docs/user/configuration.md',
    action: 'correct the value',
  },
  KISIM_E_CONFIG_CONFLICT: {
    summary: 'two settings contradict each other',
    expected: 'settings that can hold together',
    action: 'change one of the two',
  },
  KISIM_E_CONFIG_OVERRIDE: {
    summary: 'an override on the command line was not understood',
    expected: '--set section.key=value',
    action: 'write for example `--set meter.interval-milliseconds=500`',
  },
  KISIM_E_CONFIG_INVALID: {
    summary: 'the configuration has several mistakes',
    expected: 'a configuration without mistakes',
    action: 'correct each; `kisimd config check` tells them one by one',
  },
});
