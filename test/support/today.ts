/** Which day it is where the databases of tests have their dates: they get the default zone. */
import { momentIn } from '../../infra/time-zone.js';
import { addDays } from '../../kernel/business-date.js';

export const TODAY = momentIn('Asia/Seoul', Date.now()).date;
export const YESTERDAY = addDays(TODAY, -1);
