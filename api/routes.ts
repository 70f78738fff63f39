/** Every route of the API, capability by capability, in the order of the OpenAPI document. */
import { accountRoutes } from './accounts/routes.js';
import { adjustmentRoutes } from './adjustments/routes.js';
import { alarmRoutes } from './alarms/routes.js';
import { apiKeyRoutes } from './api-keys/routes.js';
import { auditRoutes } from './audit/routes.js';
import { businessDayRoutes } from './business-days/routes.js';
import { cartRoutes } from './carts/routes.js';
import { catalogueRoutes } from './catalogue/routes.js';
import type { ApiContext } from './context.js';
import type { Route } from './edge/route.js';
import { eventRoutes } from './events/routes.js';
import { importRoutes } from './imports/routes.js';
import { ledgerRoutes } from './ledger/routes.js';
import { orderRoutes } from './orders/routes.js';
import { outboxRoutes } from './outbox/routes.js';
import { paymentRoutes } from './payments/routes.js';
import { payoutRoutes } from './payouts/routes.js';
import { policyRoutes } from './policies/routes.js';
import { promotionRoutes } from './promotions/routes.js';
import { runRoutes } from './runs/routes.js';
import { settlementRoutes } from './settlements/routes.js';
import { statementRoutes } from './statements/routes.js';
import { stockRoutes } from './stock/routes.js';
import { taxInvoiceRoutes } from './tax-invoices/routes.js';
import { termsRoutes } from './terms/routes.js';
import { verificationRoutes } from './verifications/routes.js';
import { webhookEndpointRoutes } from './webhook-endpoints/routes.js';

export const apiRoutes = (context: ApiContext): Route[] => [
  ...accountRoutes(context),
  ...auditRoutes(context),
  ...catalogueRoutes(context),
  ...stockRoutes(context),
  ...cartRoutes(context),
  ...orderRoutes(context),
  ...paymentRoutes(context),
  ...promotionRoutes(context),
  ...runRoutes(context),
  ...verificationRoutes(context),
  ...policyRoutes(context),
  ...importRoutes(context),
  ...settlementRoutes(context),
  ...ledgerRoutes(context),
  ...statementRoutes(context),
  ...payoutRoutes(context),
  ...adjustmentRoutes(context),
  ...taxInvoiceRoutes(context),
  ...outboxRoutes(context),
  ...termsRoutes(context),
  ...businessDayRoutes(context),
  ...alarmRoutes(context),
  ...apiKeyRoutes(context),
  ...eventRoutes(context),
  ...webhookEndpointRoutes(context),
];
