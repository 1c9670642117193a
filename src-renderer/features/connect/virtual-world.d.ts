declare module 'virtual:world' {
  export const shapes: import('./draw-world.ts').DrawnWorld['shapes']
  export const dots: import('./draw-world.ts').DrawnWorld['dots']
}
