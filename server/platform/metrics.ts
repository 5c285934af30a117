// What the server counts, in Prometheus' text format. Slices add their own counters to `registry`.
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

export type Metrics = {
  registry: Registry;
  /** `route` is a key of the table of routes, never an address with names in it. */
  requestAnswered: (request: { route: string; status: number; ms: number }) => void;
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'llmos_http_requests_total',
    help: 'Requests answered',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'llmos_http_request_seconds',
    help: 'Time to answer',
    labelNames: ['route'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return {
    registry,
    requestAnswered({ route, status, ms }) {
      requests.inc({ route, status: String(status) });
      seconds.observe({ route }, ms / 1000);
    },
  };
}
