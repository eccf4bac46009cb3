import { defineErrors } from '../util/errors.ts';

export const nativeErrors = defineErrors({
  KISIM_E_ADDON_MISSING: {
    summary: 'the native addon has not been built',
    expected: 'build/Release/kisimd.node',
    action: 'run `npm run setup` (needs a C++20 compiler and CMake 3.18 or newer)',
  },
  KISIM_E_ADDON_BROKEN: {
    summary: 'the native addon cannot be loaded',
    expected: 'an addon built for this processor and C library',
    action: 'remove the folder build and run `npm run setup`',
  },
});
