/** Loaded by jest for every test file: no process outlives the file that started it, whatever became of its tests. */
import { afterAll } from '@jest/globals';
import { killAll } from '../../scripts/chaos/magam.mjs';

afterAll(killAll);
