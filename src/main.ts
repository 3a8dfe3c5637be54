#!/usr/bin/env node
import { startBroker } from './index.ts'

const broker = await startBroker({ dataDirectory: process.env.DATA ?? './data', port: 9092, host: '', log: (level, message, fields) => console.error(level, message, fields) })
console.log(broker.bootstrapServers)
process.on('SIGTERM', () => { void broker.stop().then(() => process.exit(0)) })
