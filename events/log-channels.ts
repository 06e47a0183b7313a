/** NOTIFY is an empty wake-up, in a module's own database: readers look for themselves, and poll slowly beside it. */
export const appendedChannel = 'event_log_appended'
export const positionedChannel = 'event_log_positioned'
/** In the `bus` database. */
export const publishedChannel = 'bus_event_published'
