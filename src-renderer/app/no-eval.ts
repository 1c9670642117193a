import { config } from 'zod'

// The page's policy forbids making code from text. Zod would try whether it may, and be refused as a violation.
config({ jitless: true })
