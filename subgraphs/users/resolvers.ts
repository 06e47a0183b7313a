import type { GraphQLResolverMap } from '@apollo/subgraph'
import type { Role } from '../../foundation/viewer.ts'
import { isSelfOrAdmin, requirePerson, requireReader } from '../access.ts'
import { type ListUsersArguments, listUsers } from './list-users.ts'
import { refreshSession } from './refresh-session.ts'
import { setRoles } from './set-roles.ts'
import { type SignInInput, signIn } from './sign-in.ts'
import { signOut } from './sign-out.ts'
import { type SignUpInput, signUp } from './sign-up.ts'
import type { UserNode, UsersContext } from './users-module.ts'

type Context = UsersContext
type TokenArguments = { refreshToken: string }

export const usersResolvers: GraphQLResolverMap<UsersContext> = {
  Query: {
    me: (_: unknown, _args: object, { call, users }: Context) =>
      users.load(requirePerson(call.viewer).userId),
    user(_: unknown, { id }: { id: string }, { call, users }: Context) {
      requireReader(call.viewer, 'users:read')
      return users.load(id)
    },
    users: (_: unknown, args: ListUsersArguments, { module, call }: Context) => listUsers(module, call, args),
  },
  Mutation: {
    signUp: (_: unknown, { input }: { input: SignUpInput }, { module, call }: Context) =>
      signUp(module, call, input),
    signIn: (_: unknown, { input }: { input: SignInInput }, { module, call }: Context) =>
      signIn(module, call, input),
    refreshSession: (_: unknown, { refreshToken }: TokenArguments, { module, call }: Context) =>
      refreshSession(module, call, refreshToken),
    signOut: (_: unknown, { refreshToken }: TokenArguments, { module, call }: Context) =>
      signOut(module, call, refreshToken),
    setRoles: (_: unknown, args: { userId: string; roles: Role[] }, { module, call }: Context) =>
      setRoles(module, call, args),
  },
  User: {
    // Async, so that a refusal costs this reference and not the whole fetch.
    async __resolveReference({ id }: { id: string }, { call, users }: Context) {
      requireReader(call.viewer, 'users:read')
      return users.load(id)
    },
    email: (user: UserNode, _args: object, { module, call }: Context) =>
      maySeePersonal(user, call)
        ? module.cipher.decrypt({ client: user.client, userId: user.id, field: 'email' }, user.emailCipher)
        : null,
    phone: (user: UserNode, _args: object, { module, call }: Context) =>
      user.phoneCipher && maySeePersonal(user, call)
        ? module.cipher.decrypt({ client: user.client, userId: user.id, field: 'phone' }, user.phoneCipher)
        : null,
    roles: (user: UserNode, _args: object, { call }: Context) =>
      maySeePersonal(user, call) ? user.roles : null,
  },
}

function maySeePersonal(user: UserNode, call: Context['call']): boolean {
  return user.provenSelf === true || isSelfOrAdmin(call.viewer, user.id)
}
