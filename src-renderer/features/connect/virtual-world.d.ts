declare module 'virtual:world' {
  export const width: number
  export const height: number
  export const shapes: import('./draw-world.ts').DrawnWorld['shapes']
  export const dots: import('./draw-world.ts').DrawnWorld['dots']
}
