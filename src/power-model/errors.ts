import { defineErrors } from '../util/errors.ts';

export const powerModelErrors = defineErrors({
  KISIM_E_CURVE_FALLS: {
    summary: 'a power curve falls',
    expected: 'watts that stay or rise with utilisation, from idle to full',
    action: 'correct the watts, or leave this curve out',
  },
  KISIM_E_CURVE_INVALID: {
    summary: 'a power curve is not usable',
    expected: 'finite watts of at least 0 at two or more utilisations',
    action: 'correct the numbers that the curve is made of',
  },
  KISIM_E_CURVE_UTILISATION: {
    summary: 'a power curve was asked for a utilisation that is no number',
    expected: 'a utilisation from 0 to 1',
    action: 'report this with the command that you ran',
  },
  KISIM_E_CURVE_TABLE: {
    summary: 'a table of power curves cannot be read',
    expected:
      'CSV with the columns cpu_key, system, year, chips, cores, threads, memory_gb, source (full or ends), watts_idle, watts_10 .. watts_100',
    action: 'correct the line, or give another table',
  },
  KISIM_E_FIT_ROWS: {
    summary: 'a power curve cannot be fitted to these rows',
    expected: 'rows with a utilisation from 0 to 1, watts of at least 0 and seconds above 0, more than knots',
    action: 'leave out the rows that were not measured, or measure for longer',
  },
  KISIM_E_FIT_NARROW: {
    summary: 'the utilisation of the node has not varied enough to fit its power curve',
    expected: 'a history in which the node was both little and much in use',
    action: "let the node's load vary (`kisimd` goes on recording), or use the curve of its model meanwhile",
  },
});
