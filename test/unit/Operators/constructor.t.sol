// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IOperators} from "../../../contracts/interfaces/IOperators.sol";
import {NotWholeGrains} from "../../../contracts/types/Grain.sol";
import {NetworkFixture, OperatorsNumbers} from "../support/NetworkFixture.sol";

contract OperatorsConstructorTest is NetworkFixture {
    OperatorsNumbers private numbers;

    function setUp() public override {
        super.setUp();
        numbers = _numbers();
    }

    function test_rule07_theDisputeWindowCoversForcedInclusion() public {
        numbers.disputeWindow = 12 hours - 1;
        _expectPeriodsInvalid();
        numbers.disputeWindow = 7 days + 1;
        numbers.unbondingPeriod = 30 days;
        _expectPeriodsInvalid();
        numbers.disputeWindow = 12 hours;
        this.deploy(numbers);
    }

    function test_rule07_theValidityIsBounded() public {
        numbers.maxValidity = 0;
        _expectPeriodsInvalid();
        numbers.maxValidity = 1 days + 1;
        _expectPeriodsInvalid();
        numbers.maxValidity = 1 days;
        this.deploy(numbers);
    }

    function test_rule07_unbondingOutlivesEvidenceAndAMargin() public {
        numbers.unbondingPeriod = DISPUTE_WINDOW + MAX_VALIDITY + 1 days;
        _expectPeriodsInvalid();
        numbers.unbondingPeriod += 1;
        this.deploy(numbers);
        numbers.unbondingPeriod = 90 days + 1;
        _expectPeriodsInvalid();
    }

    function test_rule29_theJailOutlivesEvidenceAndLocks() public {
        numbers.jailPeriod = 0;
        _expectPeriodsInvalid();
        numbers.jailPeriod = (operators.coverPeriod() * 4) / 3 - 1;
        assertGt(numbers.jailPeriod, DISPUTE_WINDOW + MAX_VALIDITY);
        _expectPeriodsInvalid();
        numbers.jailPeriod += 1;
        this.deploy(numbers);
        numbers.jailPeriod = 90 days + 1;
        _expectPeriodsInvalid();
        numbers.jailPeriod = 90 days;
        this.deploy(numbers);
    }

    function test_revertsWhenThereIsNoMinimumStake() public {
        (numbers.minimumStake, numbers.bountyFloor) = (0, 0);
        _expectRevert(abi.encodeWithSelector(IOperators.StakeTooLow.selector, 0, 0));
    }

    function test_revertsWhenTheFloorIsTooHigh() public {
        numbers.bountyFloor = 100 ether + GRAIN;
        _expectRevert(abi.encodeWithSelector(IOperators.StakeTooLow.selector, MINIMUM_STAKE, 1000 ether + 10 * GRAIN));
        numbers.bountyFloor = 100 ether;
        this.deploy(numbers);
    }

    function test_revertsWhenAnAmountIsNotWholeGrains() public {
        numbers.bountyFloor = 1;
        _expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, 1));
        numbers = _numbers();
        numbers.stakePerSlot = 1;
        _expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, 1));
        numbers = _numbers();
        numbers.minimumStake += 1;
        _expectRevert(abi.encodeWithSelector(NotWholeGrains.selector, MINIMUM_STAKE + 1));
    }

    function test_revertsWhenSlotsNeedNoStake() public {
        numbers.stakePerSlot = 0;
        _expectRevert(abi.encodeWithSelector(IOperators.AmountZero.selector));
    }

    function test_keepsTheNumbers() public view {
        assertEq(operators.disputeWindow(), DISPUTE_WINDOW);
        assertEq(operators.maxValidity(), MAX_VALIDITY);
        assertEq(operators.unbondingPeriod(), UNBONDING_PERIOD);
        assertEq(operators.jailPeriod(), JAIL_PERIOD);
        assertEq(operators.minimumStake(), MINIMUM_STAKE);
        assertEq(operators.stakePerSlot(), STAKE_PER_SLOT);
        assertEq(operators.bountyFloor(), BOUNTY_FLOOR);
    }

    function test_rule04_theDomainNamesChainAndContract() public {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract, , ) = IERC5267(
            address(operators)
        ).eip712Domain();
        assertEq(name, "OPG Inference");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifyingContract, address(operators));
        assertEq(operators.domainSeparator(), _separator(block.chainid));
        vm.chainId(4321);
        assertEq(operators.domainSeparator(), _separator(4321));
    }

    function deploy(OperatorsNumbers calldata with) external returns (IOperators) {
        return _deployOperators(with);
    }

    function _separator(uint256 chainId) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("OPG Inference"),
                    keccak256("1"),
                    chainId,
                    address(operators)
                )
            );
    }

    function _expectPeriodsInvalid() private {
        _expectRevert(
            abi.encodeWithSelector(
                IOperators.PeriodsInvalid.selector,
                numbers.disputeWindow,
                numbers.maxValidity,
                numbers.unbondingPeriod,
                numbers.jailPeriod
            )
        );
    }

    function _expectRevert(bytes memory reason) private {
        bytes memory arguments = abi.encode(opg, authority, numbers);
        assertEq(_reasonOfCreating("contracts/Operators.sol:Operators", arguments), reason);
    }
}
