import { createRoot } from 'react-dom/client'
// The page's own language workers, bundled with it: nothing is fetched from anywhere but this gateway.
import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import './explorer.css'
import { Explorer } from './explorer.tsx'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(<Explorer />)
