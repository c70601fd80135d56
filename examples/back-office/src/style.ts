import { Markup } from "./html.ts";

/** How every page looks. */
export const style = new Markup(`<style>
  :root { color-scheme: light; --ink: #1d2433; --soft: #667085; --line: #e3e7ee; --red: #b42318; --blue: #2b59c3 }
  * { box-sizing: border-box }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #f5f6f9 }
  header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; background: #1d2433; color: #fff; padding: 14px 32px; font-weight: 600 }
  header nav { display: flex; flex-wrap: wrap; gap: 2px 14px; font-weight: 400; font-size: 14px } header a { color: #cdd5e4; text-decoration: none } header form { margin-left: auto }
  header button { padding: 4px 12px; font-size: 14px; background: #323b4f }
  main { max-width: 860px; margin: 32px auto; padding: 28px 32px; background: #fff; border: 1px solid var(--line); border-radius: 12px }
  h1 { margin: 0 0 18px; font-size: 24px }
  label { display: block; margin: 12px 0; color: var(--soft) } fieldset { margin: 16px 0; border: 1px solid var(--line); border-radius: 8px }
  input, select, textarea { display: block; width: 100%; max-width: 340px; padding: 9px 12px; font: inherit; color: var(--ink); border: 1px solid #cbd2dd; border-radius: 8px }
  input[type=checkbox], input[type=radio] { display: inline-block; width: auto; margin-right: 8px }
  button, .button { display: inline-block; padding: 9px 16px; font: inherit; font-weight: 600; color: #fff; background: var(--blue); border: 0; border-radius: 8px; cursor: pointer; text-decoration: none }
  .danger { background: var(--red) } .quiet { background: #eef1f6; color: var(--ink) }
  form.search { display: flex; gap: 10px; margin-bottom: 18px } .pages { display: flex; gap: 14px; margin-top: 18px }
  table { width: 100%; border-collapse: collapse } th, td { padding: 10px 8px; text-align: left; border-bottom: 1px solid var(--line) } th { color: var(--soft); font-weight: 500 }
  dl { display: grid; grid-template-columns: 140px 1fr; gap: 8px } dt { color: var(--soft) } dd { margin: 0 }
  .status { padding: 2px 10px; border-radius: 99px; background: #eef1f6 } .status.cancelled { background: #fee4e2; color: var(--red) } .status.open { background: #e3f4e8; color: #17643a }
  .notice { padding: 14px 18px; border-radius: 8px; background: #e3f4e8 } .alert { padding: 10px 14px; border-radius: 8px; background: #fee4e2; color: var(--red) }
  dialog { border: 0; border-radius: 12px; padding: 24px 28px; box-shadow: 0 20px 60px #0005 } dialog::backdrop { background: #1d243366 }
  iframe { width: 100%; border: 1px solid var(--line); border-radius: 8px }
  .cards { padding: 0; list-style: none } .cards li { padding: 10px 14px; margin: 8px 0; border: 1px solid var(--line); border-radius: 8px; background: #fff }
  .cards li[draggable] { cursor: grab }
  .menu { position: relative; display: inline-block } .menu ul { display: none; position: absolute; margin: 0; padding: 8px; list-style: none; background: #fff; border: 1px solid var(--line); border-radius: 8px } .menu:hover ul, .menu:focus-within ul { display: block }
</style>`);
