import { m } from '../../../messages/index.ts'
import { said } from '../../../messages/said.ts'
import { useNode } from '../../../store/node-context.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { Switch } from '../../../ui/switch.tsx'
import { Setting, useSetting } from '../setting.tsx'
import { TypedSetting } from '../typed-setting.tsx'
import { readPort } from './terms.ts'

/** The switch of the local API; while it is on, its address or what is in its way. */
export function Api() {
  const { value, change, set } = useSetting('programsApi')
  const address = useNode(({ api }) => api.address)
  const problem = useNode(({ api }) => api.problem)
  return (
    <>
      <Setting name="programsApi" label={m.programs.api} text={m.programs.apiText} change={change}>
        {(described) => (
          <Switch
            label={m.programs.api}
            describedBy={described}
            checked={value}
            onChange={(on) => void set(on)}
            disabled={change.running}
          />
        )}
      </Setting>
      {value && (
        <>
          <li className="setting">
            {problem ? (
              <div className="setting-note">
                <Notice tone="amber" live>
                  {said(problem)}
                </Notice>
              </div>
            ) : (
              <>
                <strong>{m.programs.apiAddress}</strong>
                {address ? (
                  <span className="address">
                    <code>{address}</code>
                    <CopyButton text={address} label={m.programs.copyApi} />
                  </span>
                ) : (
                  <span className="faint">{m.programs.apiStarting}</span>
                )}
              </>
            )}
          </li>
          <Port />
        </>
      )}
    </>
  )
}

function Port() {
  return (
    <TypedSetting
      name="programsApiPort"
      label={m.programs.apiPort}
      text={() => m.programs.apiPortText}
      read={readPort}
      write={String}
      bad={m.programs.portBad}
      input={{ inputMode: 'numeric', maxLength: 5 }}
    />
  )
}
