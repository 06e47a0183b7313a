import { readFileSync } from 'node:fs'
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'

/** As its documentation has it. Arguments: the supergraph's file, the port. */
const [file = '', port] = process.argv.slice(2)
const gateway = new ApolloGateway({ supergraphSdl: readFileSync(file, 'utf8') })
const server = new ApolloServer({ gateway, introspection: true })
await startStandaloneServer(server, { listen: { port: Number(port), host: '127.0.0.1' } })
