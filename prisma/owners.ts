/** One database per owner; none reads another's. */
export const owners = ['platform', 'users', 'data', 'analytics', 'notifications', 'lambdas', 'bus'] as const
export type Owner = (typeof owners)[number]
