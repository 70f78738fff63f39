/**
 * Loaded by jest for every test file: no process outlives the file that started it, whatever became of its tests, and no fault that it has armed in this process. These hooks run
 * before those of the file, so a test that wants to see a process end well stops it in a test.
 */
import { afterAll } from '@jest/globals';
import { armFaults } from '../../infra/faults.js';
import { killAll } from '../../scripts/chaos/magam.mjs';

afterAll(killAll);
afterAll(() => armFaults(null));
