import { defineErrors } from '../../util/errors.ts';

export const testApplicationErrors = defineErrors({
  KISIM_E_TEST_APPLICATION_LISTEN: {
    summary: 'the test application cannot listen',
    expected: 'a free port on an address of this machine',
    action: 'choose another port with --port (0: any free one), or end the program that holds it',
  },
  KISIM_E_TEST_APPLICATION_ROUTE: {
    summary: 'the test application has no such route',
    expected: 'GET /cpu?ms=, /memory?mb=&seconds=, /disk?mb=, /network?kb=, /healthz or /metrics',
    action: 'correct the path or the method',
  },
  KISIM_E_TEST_APPLICATION_REQUEST: {
    summary: 'a request to the test application is not usable',
    expected: 'every parameter of the route once, as a number within its bounds or exp:MEAN',
    action: 'correct the parameter that is named',
  },
  KISIM_E_TEST_APPLICATION_HOST: {
    summary: 'the Host header of a request names another machine',
    expected: 'localhost, 127.0.0.1 or [::1] while the application listens on loopback',
    action: 'ask for it by one of these names, or start it with --host',
  },
  KISIM_E_TEST_APPLICATION_FULL: {
    summary: 'the queue of the test application is full',
    expected: 'fewer waiting requests than --queue',
    action: 'send fewer requests, or start it with more --servers or a longer --queue',
  },
  KISIM_E_TEST_APPLICATION_STOPPING: {
    summary: 'the test application is being stopped',
    expected: 'a running application',
    action: 'ask another replica',
  },
  KISIM_E_TEST_APPLICATION_MEMORY: {
    summary: 'the memory that a request asks for is not free',
    expected: 'as much available memory as /memory?mb= asks for',
    action: 'ask for less, or give the application more',
  },
  KISIM_E_TEST_APPLICATION_DISK: {
    summary: 'the test application cannot write its file',
    expected: 'a folder with room for what /disk?mb= asks for, where this user may write',
    action: 'make room, ask for less, or name another folder with --folder',
  },
  KISIM_E_TEST_APPLICATION_WORKER: {
    summary: 'a thread of the test application has ended within a request',
    expected: 'a thread that answers',
    action: 'see its log; the next request gets a new thread',
  },
});
